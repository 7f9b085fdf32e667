import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { JourneyStep } from "@/api/types";
import type { Tone } from "@/ui/Chip";
import { useFormat } from "@/ui/useFormat";
import type { Condition, Definition, Entry, Goal, Values } from "./model/definition";
import { GOAL_DAYS, HOLDOUT_RATE } from "./model/definition";

export const STATUS_TONE: Record<string, Tone> = {
  draft: "plain",
  live: "pine",
  paused: "ochre",
  draining: "indigo",
  stopped: "plain",
};

export const GROUPS = ["reach", "wait", "branch", "customer", "flow"] as const;

export type Named = { segment: (id: number) => string; event: (name: string) => string };

/** What a journey is about, in words: who comes in, when they leave, what it is for. */
export function useWords(named: Named) {
  const { t } = useTranslation();
  const f = useFormat();
  return useMemo(() => {
    const segment = (id: unknown) =>
      id ? t("journeys.quoted", { name: named.segment(Number(id)) }) : t("journeys.open");
    const event = (name: unknown) =>
      name ? t("journeys.quoted", { name: named.event(String(name)) }) : t("journeys.open");
    const when = (one: Condition): string => {
      if (one.event !== undefined && one.event !== null) return t("journeys.when_event", { event: event(one.event) });
      if (one.left !== undefined && one.left !== null) return t("journeys.when_left", { segment: segment(one.left) });
      return t("journeys.when_segment", { segment: segment(one.segment) });
    };
    const entry = (one: Entry): string => {
      const { kind } = one;
      if (kind === "segment") {
        const way = one.direction === "left" ? "left" : "entered";
        return t(`journeys.entry_segment_${way}`, { segment: segment(one.segment) });
      }
      if (kind === "event") return t("journeys.entry_event_say", { event: event(one.name) });
      if (kind === "schedule") {
        const every = String(one.every ?? "day");
        return t(`journeys.entry_every_${every}`, {
          segment: segment(one.segment),
          at: one.at ?? "10:00",
          weekday: t(`journeys.weekday_${one.weekday ?? 1}`),
          day: one.day ?? 1,
          on: one.on || t("journeys.open"),
        });
      }
      if (kind === "date") {
        const days = Number(one.offset_days ?? 0);
        const field = String(one.field ?? "");
        return t(
          days === 0 ? "journeys.entry_date_on" : days < 0 ? "journeys.entry_date_before" : "journeys.entry_date_after",
          {
            field: field ? t(`journeys.date_${field.split(":")[0]}`) : t("journeys.open"),
            days: Math.abs(days),
            at: one.at ?? "10:00",
          },
        );
      }
      return t(`journeys.entry_${kind}_say`);
    };
    const goal = (one: Goal | null | undefined): string => {
      if (!one) return t("journeys.goal_none");
      return t("journeys.goal_say", { what: when(one), days: f.count(one.days ?? GOAL_DAYS, 1) });
    };
    return {
      when,
      entry,
      goal,
      holdout: (definition: Definition) =>
        (definition.holdout_rate ?? HOLDOUT_RATE) > 0
          ? t("journeys.holdout_say", { rate: f.rate(definition.holdout_rate ?? HOLDOUT_RATE) })
          : t("journeys.holdout_none"),
      edge: (step: JourneyStep | undefined, name: string, settings?: Values): string => {
        const own = step?.edge_labels?.[name];
        const ways = Array.isArray(settings?.ways) ? (settings.ways as { edge?: string; name?: string }[]) : [];
        const called = ways.find((way) => way.edge === name)?.name;
        if (called) return called;
        return own ? f.label(own) : t(`journeys.edge_${name}`, { defaultValue: name.toUpperCase() });
      },
    };
  }, [t, f, named]);
}
