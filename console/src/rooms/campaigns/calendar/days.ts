// Days of the calendar as plain local dates (YYYY-MM-DD). Time of day is kept apart, so that a move never shifts an hour.

import type { CalendarItem } from "@/api/types";

/** A campaign or wave that has its day and hour. */
export type Planned = CalendarItem & { on: string; at: string; local_time: string };
export const isPlanned = (item: CalendarItem): item is Planned => item.on !== null && item.local_time !== null;

export type View = "week" | "month";
const DAY_MS = 86_400_000;

const utc = (on: string): number => Date.parse(`${on}T00:00:00Z`);
const text = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

export const addDays = (on: string, days: number): string => text(utc(on) + days * DAY_MS);

export const daysBetween = (from: string, to: string): number => Math.round((utc(to) - utc(from)) / DAY_MS);

/** 0 is Monday: a week of work begins there. */
export const weekday = (on: string): number => (new Date(utc(on)).getUTCDay() + 6) % 7;

export const monday = (on: string): string => addDays(on, -weekday(on));

export function addMonths(on: string, months: number): string {
  const date = new Date(utc(`${on.slice(0, 7)}-01`));
  date.setUTCMonth(date.getUTCMonth() + months);
  return text(date.getTime());
}

/** The days that a view shows: seven, or the whole weeks that a month touches. */
export function daysOf(view: View, on: string): string[] {
  if (view === "week") return Array.from({ length: 7 }, (_, day) => addDays(monday(on), day));
  const first = monday(`${on.slice(0, 7)}-01`);
  const last = addDays(addMonths(on, 1), -1);
  const weeks = Math.floor(daysBetween(first, last) / 7) + 1;
  return Array.from({ length: weeks * 7 }, (_, day) => addDays(first, day));
}

export const stepped = (view: View, on: string, by: 1 | -1): string =>
  view === "week" ? addDays(on, 7 * by) : addMonths(on, by);

/** The wall clock of an instant in a zone. */
export function wallOf(at: string, zone: string): { on: string; time: string } {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatToParts(new Date(at));
  const part = Object.fromEntries(parts.map((one) => [one.type, one.value]));
  return { on: `${part.year}-${part.month}-${part.day}`, time: `${part.hour}:${part.minute}` };
}

/** The instant of a wall clock in a zone. */
export function instantOf(on: string, time: string, zone: string): string {
  const wanted = Date.parse(`${on}T${time}:00Z`);
  const offset = (ms: number): number => {
    const wall = wallOf(new Date(ms).toISOString(), zone);
    return Date.parse(`${wall.on}T${wall.time}:00Z`) - Math.floor(ms / 60_000) * 60_000;
  };
  // The offset that holds at the instant itself, which differs from that at the same hour of UTC around a change of clocks.
  return new Date(wanted - offset(wanted - offset(wanted))).toISOString();
}
