import { App, Button, Tabs } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import type { Campaign } from "@/api/types";
import { useMay } from "@/shell/session";
import { By } from "@/ui/By";
import { Chip } from "@/ui/Chip";
import { Figure, Figures } from "@/ui/Figure";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { Actions } from "./Actions";
import { PeopleTab } from "./PeopleTab";
import { useCampaign, useCopyCampaign } from "./queries";
import { useReasonWords } from "./reasons";
import { ReportTab } from "./report/ReportTab";
import { allOf, doneOf, StackBar, sum } from "./StackBar";
import { TestSend } from "./TestSend";
import { WaysPanel } from "./WaysPanel";
import { PURPOSE_TONE, STATUS_TONE } from "./words";

/** One campaign after it was written: how far it is, who was told and who was not, and what it brought. */
export function CampaignPage() {
  const { t } = useTranslation();
  const id = Number(useParams().id);
  const campaign = useCampaign(id);
  const data = campaign.data;
  return (
    <Page
      title={
        <span className="row">
          {data?.name ?? t("campaigns.campaign")}
          {data && <Chip tone={STATUS_TONE[data.status]}>{t(`campaigns.status_${data.status}`)}</Chip>}
          {data && <Chip tone={PURPOSE_TONE[data.purpose]}>{t(`campaigns.purpose_${data.purpose}`)}</Chip>}
        </span>
      }
      heading={data?.name}
      sub={<Link to="/campaigns">← {t("shell.page_campaigns")}</Link>}
      actions={data && <Buttons campaign={data} />}
    >
      <QueryView query={campaign} lines={8}>
        {(one) => <Body campaign={one} />}
      </QueryView>
    </Page>
  );
}

function Buttons({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const may = useMay();
  const fail = useFail();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const copy = useCopyCampaign();
  return (
    <>
      {campaign.status !== "over" && campaign.status !== "cancelled" && <TestSend campaign={campaign} />}
      <Link to={`/campaigns/${campaign.id}/edit`} className="quiet-link">
        {t(campaign.status === "draft" ? "ui.edit" : "campaigns.see_plan")}
      </Link>
      {may("campaigns.write") && (
        <Button
          loading={copy.isPending}
          onClick={() =>
            copy.mutate(campaign.id, { onSuccess: (made) => navigate(`/campaigns/${made.id}/edit`), onError: fail })
          }
        >
          {t("campaigns.copy")}
        </Button>
      )}
      <Actions
        campaign={campaign}
        onDone={(done) => void message.success(t(`campaigns.done_${done.status}`))}
        onFail={fail}
      />
    </>
  );
}

function Body({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const [params, change] = useQueryState();
  const first = campaign.status === "over" ? "report" : "progress";
  const tab = params.get("tab") ?? first;
  return (
    <Tabs
      activeKey={tab}
      onChange={(key) => change({ tab: key === first ? null : key })}
      destroyOnHidden
      items={[
        { key: "progress", label: t("campaigns.tab_progress"), children: <Progress campaign={campaign} /> },
        { key: "people", label: t("campaigns.tab_people"), children: <PeopleTab campaign={campaign} /> },
        { key: "report", label: t("campaigns.tab_report"), children: <ReportTab campaign={campaign} /> },
        { key: "log", label: t("campaigns.tab_log"), children: <Happenings campaign={campaign} /> },
      ]}
    />
  );
}

function Progress({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const f = useFormat();
  const total: Record<string, number> = {};
  for (const wave of campaign.waves)
    for (const [name, count] of Object.entries(wave.counts)) total[name] = (total[name] ?? 0) + count;
  const all = allOf(total);
  return (
    <div className="stack">
      <StateNote campaign={campaign} />
      <Figures count={6}>
        <Figure label={t("campaigns.message_all")} hint={t("campaigns.message_all_hint")} value={f.count(all)} />
        <Figure label={t("campaigns.message_planned")} value={f.count(sum(total, ["planned", "attempting"]))} />
        <Figure
          label={t("campaigns.message_sent")}
          hint={t("campaigns.message_sent_hint")}
          value={f.count(sum(total, ["sent", "received"]))}
          note={all ? f.rate(sum(total, ["sent", "received"]) / all) : undefined}
        />
        <Figure
          label={t("campaigns.message_received")}
          hint={t("campaigns.message_received_hint")}
          value={f.count(total.received ?? 0)}
        />
        <Figure
          label={t("campaigns.message_unknown")}
          hint={t("campaigns.message_unknown_hint")}
          value={f.count(total.unknown ?? 0)}
          note={total.unknown ? <Link to="/sends?tab=unknown">{t("campaigns.to_unknown")}</Link> : undefined}
        />
        <Figure
          label={t("campaigns.message_refused")}
          hint={t("campaigns.message_refused_hint")}
          value={f.count(sum(total, ["refused", "failed"]))}
        />
      </Figures>
      <Panel title={t("campaigns.by_wave")}>
        {campaign.waves.length === 0 ? (
          <p className="muted">{t("campaigns.no_waves_yet")}</p>
        ) : (
          <ol className="progress-rows">
            {campaign.waves.map((wave) => (
              <li key={wave.number} className="progress-row">
                <p className="row spread">
                  <strong>
                    {t("campaigns.wave_n", { n: wave.number + 1 })}{" "}
                    <Chip tone={wave.status === "running" ? "pine" : wave.status === "stopped" ? "cinnabar" : "plain"}>
                      {t(`campaigns.wave_${wave.status}`)}
                    </Chip>{" "}
                    {wave.variant && (
                      <Chip tone="pine">{t("campaigns.winner_is", { name: wave.variant.toUpperCase() })}</Chip>
                    )}
                  </strong>
                  <span className="num muted small">
                    {f.rate(wave.to_rate - wave.from_rate, 0)} · {f.time(wave.started_at ?? wave.due_at)}{" "}
                    {allOf(wave.counts) > 0 && `· ${f.rate(doneOf(wave.counts) / allOf(wave.counts), 0)}`}
                  </span>
                </p>
                <StackBar
                  counts={wave.counts}
                  label={t("campaigns.wave_n", { n: wave.number + 1 })}
                  none={wave.status === "over" ? t("campaigns.nobody_told") : undefined}
                />
                <Waits wave={wave} />
              </li>
            ))}
          </ol>
        )}
      </Panel>
      <WaysPanel campaign={campaign} />
    </div>
  );
}

/** Who of a wave is told later, and why: a campaign that runs and sends nothing at night is no fault. */
function Waits({ wave }: { wave: Campaign["waves"][number] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const reasons = useReasonWords();
  const waits = Object.entries((wave.decided.waits ?? {}) as Record<string, number>);
  if (wave.status !== "running" || waits.length === 0 || !wave.counts.planned) return null;
  return (
    <p className="muted small">
      {t("campaigns.of_them_wait", {
        n: f.count(waits.reduce((all, [, count]) => all + count, 0)),
        why: waits.map(([code, count]) => `${reasons.name(code)} ${f.count(count)}`).join(t("content.comma")),
      })}
    </p>
  );
}

/** In words: what goes on, or why nothing does. */
function StateNote({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const f = useFormat();
  const code = campaign.status_code
    ? t(`campaigns.code_${campaign.status_code}`, { defaultValue: campaign.status_code })
    : "";
  const next = campaign.waves.find((wave) => wave.status === "waiting");
  const goesOn = campaign.waves.some((wave) => wave.status === "running");
  const state = campaign.status === "running" && next && !goesOn ? "between" : campaign.status;
  const tone = { paused: "", cancelled: "", running: "pine", scheduled: "indigo" }[campaign.status as string];
  if (tone === undefined) return null;
  return (
    <p className={`notice ${tone}`} role="status">
      {t(`campaigns.state_${state}`, {
        at: f.time(campaign.starts_at),
        why: code,
        next: next ? t("campaigns.state_next", { n: next.number + 1, at: f.time(next.due_at) }) : "",
      })}
    </p>
  );
}

function Happenings({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <Panel title={t("campaigns.tab_log")}>
      <ol className="look">
        {campaign.happenings.map((one) => (
          <li key={`${one.at}${one.what}`}>
            <p>
              {t(`campaigns.what_${one.what}`, { defaultValue: one.what })}{" "}
              {typeof one.detail.note === "string" && one.detail.note && <q>{one.detail.note}</q>}
              {typeof one.detail.code === "string" && (
                <span className="muted">
                  {t(`campaigns.code_${one.detail.code}`, { defaultValue: one.detail.code })}
                </span>
              )}
            </p>
            <p className="muted small">
              {f.time(one.at)} · <By who={one.by} />
            </p>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
