import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { EffectRow } from "@/ui/EffectRow";
import { Figure, Figures } from "@/ui/Figure";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { HeldPeople } from "./HeldPeople";
import { type Arm, type Holdout, type HoldoutReport, useHoldoutReport } from "./holdoutQueries";

type Props = { holdout: Holdout; acts?: ReactNode };

/** One group: since when, who is in it, what it costs, and what it shows. */
export function HoldoutPanel({ holdout, acts }: Props) {
  const { t } = useTranslation();
  const query = useHoldoutReport(holdout.id);
  const [opened, setOpened] = useState<Arm | null>(null);
  return (
    <Panel
      title={t("messaging.hold_of", {
        from: holdout.from_on,
        to: holdout.to_on ?? t("messaging.hold_open_end"),
      })}
      hint={t("messaging.hold_hint")}
      extra={
        <>
          <Chip tone={holdout.is_active ? "pine" : "plain"}>
            {t(holdout.is_active ? "messaging.in_force" : "messaging.hold_over")}
          </Chip>
          {acts}
        </>
      }
    >
      <QueryView query={query} lines={8}>
        {(report) => <Report report={report} onOpen={setOpened} />}
      </QueryView>
      {opened && <HeldPeople id={holdout.id} arm={opened} close={() => setOpened(null)} />}
    </Panel>
  );
}

function Report({ report, onOpen }: { report: HoldoutReport; onOpen: (arm: Arm) => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const points = (value: number) => `${value > 0 ? "+" : ""}${f.count(value * 100, 2)}`;
  const money = (value: number) => `${value > 0 ? "+" : ""}${f.money(value)}`;
  const { missed, brought } = report;
  const between = (money: NonNullable<typeof missed>) =>
    t("messaging.hold_between", { low: f.moneyShort(money.low_fen), high: f.moneyShort(money.high_fen) });
  return (
    <div className="stack">
      <Verdict report={report} />
      <Figures count={4}>
        <Figure
          label={t("messaging.hold_control")}
          value={f.count(report.control.people_count)}
          hint={t("messaging.hold_control_hint")}
          note={t("messaging.hold_of_all", {
            rate: f.rate(report.holdout.rate),
            n: f.count(report.control.people_count + report.others_count),
          })}
        />
        <Figure
          label={t("messaging.hold_withheld")}
          value={f.count(report.withheld_count)}
          hint={t("messaging.hold_withheld_hint")}
        />
        <Figure
          label={t("messaging.hold_missed")}
          value={missed ? f.moneyShort(missed.fen) : "–"}
          hint={t("messaging.hold_missed_hint")}
          note={missed ? between(missed) : undefined}
        />
        <Figure
          label={t("messaging.hold_brought")}
          value={brought ? f.moneyShort(brought.fen) : "–"}
          hint={t("messaging.hold_brought_hint")}
          note={brought ? between(brought) : undefined}
        />
      </Figures>
      <Arms report={report} onOpen={onOpen} />
      {!report.why_not && (
        <dl className="intervals">
          <EffectRow
            name={t("messaging.hold_bought")}
            unit={t("messaging.hold_points")}
            effect={report.bought}
            text={points}
          />
          <EffectRow name={t("messaging.hold_spend")} effect={report.spend} text={money} />
          <EffectRow
            name={t("messaging.hold_left")}
            unit={t("messaging.hold_points")}
            effect={report.left}
            text={points}
          />
        </dl>
      )}
      <p className="muted small">
        {t("messaging.hold_read_at", { from: f.date(report.from_at), to: f.time(report.to_at) })}{" "}
        {report.smallest_share !== null &&
          t("messaging.hold_smallest", {
            points: f.count(report.smallest_share * 100, 2),
            money: f.money(report.smallest_fen),
          })}
      </p>
    </div>
  );
}

/** What may be said, in one sentence; nothing that the data do not show. */
function Verdict({ report }: { report: HoldoutReport }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { bought, why_not } = report;
  const broken = report.mismatch_p !== null && report.mismatch_p < 0.001;
  const tone = why_not ? (broken ? "blocked" : "") : bought?.is_detected ? (bought.difference > 0 ? "up" : "down") : "";
  const say = bought?.is_detected ? (bought.difference > 0 ? "hold_up" : "hold_down") : "hold_nothing";
  return (
    <div className={`verdict ${tone}`} role="status">
      <p className="big-say">{why_not ? f.label(why_not) : t(`messaging.${say}`)}</p>
      <p className="muted">{t(why_not ? "messaging.hold_wait" : `messaging.${say}_hint`)}</p>
    </div>
  );
}

function Arms({ report, onOpen }: { report: HoldoutReport; onOpen: (arm: Arm) => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const rows = (["control", "compared"] as const).map((key) => ({ key, arm: report[key] }));
  const share = (part: number, whole: number) => (whole ? f.rate(part / whole, 2) : "–");
  return (
    <DataTable
      caption={t("messaging.hold_arms")}
      cards
      rows={rows}
      rowKey={(row) => row.key}
      columns={[
        { key: "arm", title: t("messaging.hold_arm"), render: (row) => t(`messaging.hold_${row.key}`) },
        {
          key: "people",
          title: t("messaging.people"),
          align: "right",
          render: ({ key, arm }) =>
            may("customers.read") && arm.people_count > 0 ? (
              <button
                type="button"
                className="plain link"
                aria-label={t("messaging.hold_who", { arm: t(`messaging.hold_${key}`) })}
                onClick={() => onOpen(key)}
              >
                {f.count(arm.people_count)}
              </button>
            ) : (
              f.count(arm.people_count)
            ),
        },
        {
          key: "told",
          title: t("messaging.hold_told"),
          align: "right",
          render: ({ arm }) => f.count(arm.told_count),
        },
        {
          key: "messages",
          title: t("messaging.hold_messages"),
          align: "right",
          render: ({ arm }) => f.count(arm.message_count),
        },
        {
          key: "bought",
          title: t("messaging.hold_bought_rate"),
          align: "right",
          render: ({ arm }) => share(arm.buyer_count, arm.people_count),
        },
        {
          key: "spend",
          title: t("messaging.hold_spend_each"),
          align: "right",
          render: ({ arm }) => (arm.people_count ? f.money(arm.spend_fen / arm.people_count) : "–"),
        },
        {
          key: "left",
          title: t("messaging.hold_left_rate"),
          align: "right",
          render: ({ arm }) => share(arm.left_count, arm.people_count),
        },
      ]}
    />
  );
}
