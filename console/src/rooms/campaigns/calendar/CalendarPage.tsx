import { LeftOutlined, RightOutlined } from "@ant-design/icons";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Button, Checkbox, Segmented, Select } from "antd";
import { type DragEvent, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import type { CalendarInfo, CalendarItem, Clash } from "@/api/types";
import { useBrand } from "@/shell/session";
import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { CARRIERS, PURPOSES } from "../words";
import { daysOf, isPlanned, type Planned, stepped, type View, wallOf, weekday } from "./days";
import { Entry } from "./Entry";
import { Mix } from "./Mix";
import { useMove } from "./useMove";

/** What is said to customers and when: by day, moved by hand, with the mix and what gets in each other's way. */
export function CalendarPage() {
  const { t } = useTranslation();
  const { time_zone } = useBrand();
  const [params, change] = useQueryState();
  const today = wallOf(new Date().toISOString(), time_zone).on;
  const view: View = params.get("view") === "week" ? "week" : "month";
  const on = params.get("on") ?? today;
  const days = useMemo(() => daysOf(view, on), [view, on]);
  const carrier = params.get("carrier");
  const hidden = useMemo(() => new Set((params.get("without") ?? "").split(",").filter(Boolean)), [params]);
  const query = useQuery({
    queryKey: ["campaigns", "calendar", days[0], days.at(-1)],
    queryFn: () =>
      must(
        api.GET("/api/v1/campaigns/calendar", {
          params: { query: { from: days[0] as string, to: days.at(-1) as string } },
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  });
  const shown = (item: CalendarItem) => !hidden.has(item.purpose) && (!carrier || item.carriers.includes(carrier));
  return (
    <Page
      title={t("shell.page_calendar")}
      sub={t("campaigns.calendar_sub")}
      actions={
        <Link to="/campaigns" className="quiet-link">
          {t("shell.page_campaigns")}
        </Link>
      }
    >
      <div className="calendar-tools">
        <Segmented
          aria-label={t("campaigns.view")}
          options={(["week", "month"] as const).map((one) => ({ value: one, label: t(`campaigns.view_${one}`) }))}
          value={view}
          onChange={(one) => change({ view: one === "month" ? null : one })}
        />
        <span className="row tight">
          <Button
            icon={<LeftOutlined />}
            aria-label={t(`campaigns.before_${view}`)}
            onClick={() => change({ on: stepped(view, on, -1) })}
          />
          <Button onClick={() => change({ on: null })}>{t("campaigns.today")}</Button>
          <Button
            icon={<RightOutlined />}
            aria-label={t(`campaigns.after_${view}`)}
            onClick={() => change({ on: stepped(view, on, 1) })}
          />
        </span>
        <h2 className="num" aria-live="polite">
          {view === "month" ? on.slice(0, 7) : `${days[0]} – ${days.at(-1)}`}
        </h2>
        <Select
          aria-label={t("campaigns.carrier")}
          value={carrier ?? ""}
          onChange={(one) => change({ carrier: one || null })}
          options={[
            { value: "", label: t("campaigns.all_carriers") },
            ...CARRIERS.map((one) => ({ value: one as string, label: t(`campaigns.carrier_${one}`) })),
          ]}
          style={{ width: 140 }}
        />
        <span className="row tight">
          {PURPOSES.map((one) => (
            <Checkbox
              key={one}
              checked={!hidden.has(one)}
              onChange={(e) => {
                const next = new Set(hidden);
                e.target.checked ? next.delete(one) : next.add(one);
                change({ without: [...next].join(",") || null });
              }}
            >
              {t(`campaigns.purpose_${one}`)}
            </Checkbox>
          ))}
        </span>
      </div>
      <QueryView query={query} lines={8} height={520}>
        {(info) => <Body info={info} days={days} view={view} on={on} today={today} shown={shown} />}
      </QueryView>
    </Page>
  );
}

type BodyProps = {
  info: CalendarInfo;
  days: string[];
  view: View;
  on: string;
  today: string;
  shown: (item: CalendarItem) => boolean;
};

function Body({ info, days, view, on, today, shown }: BodyProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const move = useMove();
  const [lifted, setLifted] = useState<Planned | null>(null);
  const [over, setOver] = useState<string | null>(null);
  const byDay = useMemo(() => new Map(info.days.map((day) => [day.on, day])), [info.days]);
  const clashesOf = (item: Planned): Clash[] =>
    info.clashes.filter((clash) => clash.campaign_ids.includes(item.campaign_id));
  const moved = useRef<number | null>(null);
  const go = (item: Planned, starts: string) => {
    moved.current = item.campaign_id;
    move.mutate({ item, starts });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was moved stands in another cell when the days are there anew
  useEffect(() => {
    if (moved.current === null || document.activeElement !== document.body) return;
    const places = document.querySelectorAll<HTMLElement>(`[data-campaign="${moved.current}"]`);
    [...places].find((one) => one.offsetParent !== null)?.focus();
  }, [info]);
  const drop = (day: string) => ({
    onDragOver: (event: DragEvent) => {
      if (!lifted || day < today) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "move";
      if (over !== day) setOver(day);
    },
    onDragLeave: () => setOver((was) => (was === day ? null : was)),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      setOver(null);
      if (lifted && day !== lifted.on && day >= today) go(lifted, `${day} ${lifted.local_time}`);
      setLifted(null);
    },
  });
  const entry = (item: Planned) => (
    <Entry
      key={`${item.campaign_id}-${item.wave}`}
      item={item}
      clashes={clashesOf(item)}
      today={today}
      lifted={lifted?.campaign_id === item.campaign_id}
      onLift={setLifted}
      onMove={go}
    />
  );
  const itemsOf = (day: string) => (byDay.get(day)?.items ?? []).filter(isPlanned).filter(shown);
  const festivals = (day: string) =>
    (byDay.get(day)?.festivals ?? []).map((one) => (
      <span key={one.key} className="festival">
        {f.label(one.name)}
      </span>
    ));
  const agenda = days.filter((day) => itemsOf(day).length > 0 || (byDay.get(day)?.festivals.length ?? 0) > 0);
  return (
    <div className="stack">
      <div className={`calendar ${view} not-agenda`}>
        {days.slice(0, 7).map((day) => (
          <div key={day} className="calendar-head">
            {t(`campaigns.weekday_${weekday(day)}`)}
          </div>
        ))}
        {days.map((day) => {
          const load = Object.values(byDay.get(day)?.load ?? {}).reduce((sum, count) => sum + count, 0);
          const state = [
            "day",
            view === "month" && day.slice(0, 7) !== on.slice(0, 7) ? "other" : "",
            day === today ? "today" : "",
            over === day ? "over" : "",
          ].join(" ");
          return (
            <div key={day} className={state} {...drop(day)} data-day={day}>
              <p className="day-head">
                <span className="day-number num">{Number(day.slice(8))}</span>
                {festivals(day)}
              </p>
              {itemsOf(day).map(entry)}
              {load > 0 && <p className="day-load num">{t("campaigns.load_n", { n: f.short(load) })}</p>}
            </div>
          );
        })}
      </div>
      <ol className="agenda only-agenda" aria-label={t("campaigns.agenda")}>
        {agenda.length === 0 && (
          <li>
            <Empty title={t("campaigns.calendar_none")} hint={t("campaigns.calendar_none_hint")} />
          </li>
        )}
        {agenda.map((day) => (
          <li key={day}>
            <p className="row spread">
              <strong className="num">
                {day} {t(`campaigns.weekday_${weekday(day)}`)}
              </strong>
              {festivals(day)}
            </p>
            {itemsOf(day).map(entry)}
          </li>
        ))}
      </ol>
      <div className="grid">
        <Mix weeks={info.weeks} />
        <Panel title={t("campaigns.clashes")} hint={t("campaigns.clashes_hint")} className="w6">
          {info.clashes.length === 0 ? (
            <p className="muted">{t("campaigns.clashes_none")}</p>
          ) : (
            <ul className="faults">
              {info.clashes.map((clash) => (
                <li key={`${clash.kind}${clash.on}${clash.campaign_ids}`} className="warn">
                  <span className="num">{clash.on}</span> {f.label(clash.message)}
                </li>
              ))}
            </ul>
          )}
        </Panel>
        {(info.unplanned ?? []).length > 0 && (
          <Panel title={t("campaigns.unplanned")} hint={t("campaigns.unplanned_hint")}>
            <ul className="order-list">
              {(info.unplanned ?? []).filter(shown).map((item) => (
                <li key={item.campaign_id}>
                  <Link to={`/campaigns/${item.campaign_id}/edit?step=when`} className="grow">
                    {item.name}
                  </Link>
                  <span className="muted small">{t(`campaigns.status_${item.status}`)}</span>
                </li>
              ))}
            </ul>
          </Panel>
        )}
      </div>
    </div>
  );
}
