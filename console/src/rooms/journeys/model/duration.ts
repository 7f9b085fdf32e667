// Durations as people say them: a number and a unit. Settings keep them in one unit, named by the field.

export const UNITS = ["seconds", "minutes", "hours", "days", "weeks"] as const;
export type DurationUnit = (typeof UNITS)[number];
export const SECONDS: Record<DurationUnit, number> = {
  seconds: 1,
  minutes: 60,
  hours: 3600,
  days: 86_400,
  weeks: 604_800,
};

/** The greatest unit in which the value is whole, so that 48 hours read "2 days". */
export function said(value: number, unit: DurationUnit): { value: number; unit: DurationUnit } {
  const seconds = value * SECONDS[unit];
  for (const bigger of ["weeks", "days", "hours", "minutes"] as const) {
    const whole = seconds / SECONDS[bigger];
    if (whole >= 1 && Math.abs(whole - Math.round(whole)) < 1e-9) return { value: Math.round(whole), unit: bigger };
  }
  return { value, unit };
}

export const inUnit = (value: number, from: DurationUnit, to: DurationUnit): number =>
  Number(((value * SECONDS[from]) / SECONDS[to]).toPrecision(12));
