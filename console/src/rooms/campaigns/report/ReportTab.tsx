import { ReloadOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { Campaign, CampaignReport } from "@/api/types";
import { CsvButton } from "@/ui/CsvButton";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Figure, Figures } from "@/ui/Figure";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { ReasonFunnel } from "@/ui/ReasonFunnel";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { type Behind, PeopleDrawer } from "../PeopleDrawer";
import { path } from "../queries";
import { LiftPanel } from "./LiftPanel";
import { LooksPanel } from "./LooksPanel";
import { VariantsPanel } from "./VariantsPanel";

const read = (id: number, fresh: boolean) =>
  must(api.GET("/api/v1/campaigns/{campaign_id}/report", { params: { ...path(id).params, query: { fresh } } }));

/** What it brought: the funnel, the lift against the control with its doubt, the variants, the cost. */
export function ReportTab({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const fail = useFail();
  const key = ["campaigns", "report", campaign.id];
  const begun = campaign.waves.some((wave) => wave.send_id !== null);
  const report = useQuery({ queryKey: key, queryFn: () => read(campaign.id, false), enabled: begun });
  const anew = useMutation({
    mutationFn: () => read(campaign.id, true),
    onSuccess: (data) => client.setQueryData(key, data),
    onError: fail,
  });
  if (!begun) {
    return (
      <div className="panel">
        <Empty title={t("campaigns.report_none")} hint={t("campaigns.report_none_hint")} />
      </div>
    );
  }
  return (
    <QueryView query={report} lines={8} height={420}>
      {(data) => <Body report={data} campaign={campaign} onAgain={() => anew.mutate()} busy={anew.isPending} />}
    </QueryView>
  );
}

/** A carrier that never says what arrived has no such step: a 0 before people who read would be a riddle. */
const isReported = (one: CampaignReport["funnel"][number], _: number, all: CampaignReport["funnel"]): boolean =>
  one.stage !== "received" || one.count > 0 || !all.some((other) => other.stage === "read" && other.count > 0);

type BodyProps = { report: CampaignReport; campaign: Campaign; onAgain: () => void; busy: boolean };

function Body({ report, campaign, onAgain, busy }: BodyProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const [behind, setBehind] = useState<Behind | null>(null);
  const whole = report.funnel[0]?.count ?? 0;
  const sent = report.funnel.find((one) => one.stage === "sent")?.count ?? 0;
  const loss = (count: number) => (sent ? t("campaigns.of_sent", { rate: f.rate(count / sent, 2) }) : undefined);
  return (
    <div className="stack">
      <div className="row spread">
        <p className="muted small">
          {t("campaigns.report_at", { at: f.time(report.computed_at) })}
          {!report.is_newest && ` · ${t("campaigns.report_old")}`}
          {report.last_window_at &&
            ` · ${t("campaigns.report_window", { days: report.window_days, at: f.time(report.last_window_at) })}`}
        </p>
        <span className="row">
          <CsvButton href={`/api/v1/campaigns/${campaign.id}/report?format=csv`} />
          <Button size="small" icon={<ReloadOutlined />} onClick={onAgain} loading={busy}>
            {t("campaigns.report_again")}
          </Button>
        </span>
      </div>
      <LiftPanel lift={report.lift} reading={report.reading} windowAt={report.last_window_at} />
      <Figures count={5}>
        <Figure label={t("campaigns.cost")} hint={t("campaigns.cost_hint")} value={f.money(report.cost_fen)} />
        <Figure
          label={t("campaigns.cost_per_extra")}
          hint={t("campaigns.cost_per_extra_hint")}
          value={f.money(report.lift.cost_per_extra_buyer_fen)}
        />
        <Figure label={t("campaigns.opted_out")} value={f.count(report.opted_out)} note={loss(report.opted_out)} />
        <Figure label={t("campaigns.blocked")} value={f.count(report.blocked)} note={loss(report.blocked)} />
        <Figure label={t("campaigns.complained")} value={f.count(report.complained)} note={loss(report.complained)} />
      </Figures>
      <div className="grid">
        <Panel title={t("campaigns.funnel")} hint={t("campaigns.funnel_hint")} className="w7">
          <ReasonFunnel
            label={t("campaigns.funnel")}
            whole={whole}
            steps={report.funnel.filter(isReported).map((one) => ({
              key: one.stage,
              label: t(`campaigns.stage_${one.stage}`),
              count: one.count,
            }))}
            onOpen={(stage) => setBehind({ title: t(`campaigns.stage_${stage}`), stage: stage as Behind["stage"] })}
          />
        </Panel>
        <Panel title={t("campaigns.by_carrier")} className="w5" flush>
          <DataTable
            caption={t("campaigns.by_carrier")}
            rows={report.carriers}
            rowKey={(row) => row.key}
            columns={[
              {
                key: "carrier",
                title: t("campaigns.carrier"),
                render: (row) => t(`campaigns.carrier_${row.key}`, { defaultValue: row.key }),
              },
              {
                key: "sent",
                title: t("campaigns.stage_sent"),
                align: "right",
                render: (row) => f.count(row.counts.sent),
              },
              {
                key: "read",
                title: t("campaigns.stage_read"),
                align: "right",
                render: (row) => f.count(row.counts.read),
              },
              {
                key: "bought",
                title: t("campaigns.stage_bought"),
                align: "right",
                render: (row) => f.count(row.counts.bought),
              },
              { key: "cost", title: t("campaigns.cost"), align: "right", render: (row) => f.money(row.cost_fen) },
            ]}
          />
        </Panel>
      </div>
      {report.variants.length > 1 && <VariantsPanel report={report} onOpen={setBehind} />}
      {report.reading === "sequential" && <LooksPanel report={report} />}
      {behind && <PeopleDrawer id={campaign.id} behind={behind} onClose={() => setBehind(null)} />}
    </div>
  );
}
