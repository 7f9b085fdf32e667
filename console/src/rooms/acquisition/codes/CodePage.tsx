import { PrinterOutlined } from "@ant-design/icons";
import { Button, Popconfirm } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { useMay } from "@/shell/session";
import { PALETTE, useTheme } from "@/shell/theme";
import { Chart } from "@/ui/Chart";
import { ChartPanel } from "@/ui/ChartPanel";
import { Chip } from "@/ui/Chip";
import type { ChartOption } from "@/ui/charts/EChart";
import { DataTable } from "@/ui/DataTable";
import { download } from "@/ui/download";
import { Figure, Figures } from "@/ui/Figure";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { CodeEditor } from "./CodeEditor";
import { PosterDrawer } from "./PosterDrawer";
import { type Code, useCloseCode, useCode, useFigures, useRetryCode, useRouteCode } from "./queries";
import { Today } from "./Today";
import { qrOf, STATE_TONE, toneOf } from "./words";

/** One live code: how it stands, who receives now and why, what it brought. */
export function CodePage() {
  const { t } = useTranslation();
  const may = useMay();
  const id = Number(useParams().id);
  const query = useCode(id);
  const close = useCloseCode();
  const route = useRouteCode();
  const [editing, setEditing] = useState(false);
  const [printing, setPrinting] = useState(false);
  const code = query.data;
  const title = (
    <span className="row">
      {code?.name ?? `#${id}`}
      {code && <Chip tone={toneOf(code.health)}>{t(`codes.health_${code.health}`)}</Chip>}
    </span>
  );
  const actions = code && (
    <>
      <Button icon={<PrinterOutlined />} onClick={() => setPrinting(true)}>
        {t("codes.posters")}
      </Button>
      {may("acquisition.write") && code.status !== "closed" && (
        <>
          <Retry code={code} />
          <Button onClick={() => route.mutate(id)} loading={route.isPending}>
            {t("codes.route_now")}
          </Button>
          <Popconfirm
            title={t("codes.close_ask")}
            okText={t("codes.close")}
            cancelText={t("ui.cancel")}
            onConfirm={() => close.mutate(id)}
          >
            <Button danger>{t("codes.close")}</Button>
          </Popconfirm>
          <Button type="primary" onClick={() => setEditing(true)}>
            {t("codes.edit")}
          </Button>
        </>
      )}
    </>
  );
  return (
    <Page
      title={title}
      heading={code?.name}
      sub={code && `${t(`codes.kind_${code.kind}`)} · ${code.source_name} · ${code.account_name}`}
      actions={actions}
    >
      <QueryView query={query} lines={8}>
        {(found) => <Body code={found} />}
      </QueryView>
      {editing && code && (
        <CodeEditor code={code} onClose={() => setEditing(false)} onSaved={() => setEditing(false)} />
      )}
      {printing && code && <PosterDrawer codes={[code]} onClose={() => setPrinting(false)} />}
    </Page>
  );
}

/** A code that the carrier never answered for is asked for again by hand: it may have been made, and nobody would use that one. */
function Retry({ code }: { code: Code }) {
  const { t } = useTranslation();
  const retry = useRetryCode(code);
  const stuck =
    code.status === "making" && code.kind === "group" && Date.now() - Date.parse(code.updated_at) > STUCK_MS;
  if (!stuck && code.status !== "unknown" && code.status !== "refused") return null;
  return (
    <Popconfirm
      title={t(code.status === "refused" ? "codes.retry_refused" : "codes.retry_ask")}
      okText={t("codes.retry")}
      cancelText={t("ui.cancel")}
      onConfirm={() => retry.mutate(undefined)}
    >
      <Button loading={retry.isPending}>{t("codes.retry")}</Button>
    </Popconfirm>
  );
}

const STUCK_MS = 120_000;

function Body({ code }: { code: Code }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <div className="grid">
      <div className="w8 stack">
        {code.status_says && <p className="field-error">{f.label(code.status_says)}</p>}
        <Panel>
          <Figures count={4}>
            <Figure label={t("codes.today")} value={<Today code={code} />} hint={t("codes.today_hint")} />
            <Figure label={t("codes.added")} value={f.count(code.added)} />
            <Figure label={t("codes.still_there")} value={f.count(code.open)} />
            <Figure label={t("codes.visits")} value={f.count(code.visits)} hint={t("codes.visits_hint")} />
          </Figures>
        </Panel>
        {code.kind === "staff" ? <StaffPanel code={code} /> : <GroupPanel code={code} />}
        <DaysPanel code={code} />
      </div>
      <div className="w4">
        <Panel title={t("codes.qr")} hint={t("codes.qr_hint")}>
          <div className="code-side">
            <img src={qrOf(code)} alt={t("codes.qr_of", { name: code.name })} />
            <a href={code.link} target="_blank" rel="noreferrer">
              {code.link}
            </a>
            <div className="row">
              <Button size="small" onClick={() => download(qrOf(code, "png", 1500), `${code.name}.png`)}>
                PNG
              </Button>
              <Button size="small" onClick={() => download(qrOf(code), `${code.name}.svg`)}>
                SVG
              </Button>
              {code.qr_code && (
                <a href={code.qr_code} target="_blank" rel="noreferrer">
                  {t("codes.carriers_own")}
                </a>
              )}
            </div>
            <dl className="code-facts small">
              <dt>{t("codes.state")}</dt>
              <dd>
                <code>{code.state}</code>
              </dd>
              <dt>config_id</dt>
              <dd>
                <code>{code.config_id ?? "—"}</code>
              </dd>
              <dt>{t("codes.tags")}</dt>
              <dd>{code.tags?.join("、") || "—"}</dd>
              <dt>{t("codes.store")}</dt>
              <dd>{code.store_name ?? "—"}</dd>
              <dt>{t("codes.routed")}</dt>
              <dd>{code.routed_at ? f.time(code.routed_at) : "—"}</dd>
              <dt>{t("codes.made")}</dt>
              <dd>
                {code.created_by} · {f.date(code.created_at)}
              </dd>
            </dl>
          </div>
        </Panel>
      </div>
    </div>
  );
}

function StaffPanel({ code }: { code: Code }) {
  const { t } = useTranslation();
  const f = useFormat();
  const figures = useFigures(code.id);
  const ever = new Map((figures.data?.staff ?? []).map((one) => [one.staff, one]));
  return (
    <Panel title={t("codes.who_receives")} hint={t("codes.who_receives_hint")} flush>
      <DataTable
        caption={t("codes.who_receives")}
        cards
        rows={code.staff}
        rowKey={(row) => row.staff}
        columns={[
          { key: "name", title: t("codes.staff"), render: (row) => row.name },
          {
            key: "state",
            title: t("codes.now"),
            render: (row) => <Chip tone={STATE_TONE[row.state] ?? "plain"}>{t(`codes.state_${row.state}`)}</Chip>,
          },
          { key: "on", title: t("codes.on_code"), render: (row) => t(row.on ? "codes.on_yes" : "codes.on_no") },
          {
            key: "today",
            title: t("codes.today"),
            align: "right",
            render: (row) =>
              row.daily_limit === null
                ? f.count(row.today)
                : t("codes.today_of", { n: f.count(row.today), most: f.count(row.daily_limit) }),
          },
          {
            key: "added",
            title: t("codes.added"),
            align: "right",
            render: (row) => f.count(ever.get(row.staff)?.added ?? 0),
          },
          {
            key: "open",
            title: t("codes.still_there"),
            align: "right",
            render: (row) => f.count(ever.get(row.staff)?.open ?? 0),
          },
        ]}
      />
    </Panel>
  );
}

function GroupPanel({ code }: { code: Code }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <Panel title={t("codes.groups")} hint={t("codes.groups_hint")} flush>
      <DataTable
        caption={t("codes.groups")}
        cards
        rows={code.group_lines}
        rowKey={(row) => row.chat_id}
        columns={[
          { key: "name", title: t("codes.group"), wrap: true, render: (row) => row.name || row.chat_id },
          {
            key: "state",
            title: t("codes.now"),
            render: (row) =>
              row.gone ? (
                <Chip tone="cinnabar">{t("codes.group_gone")}</Chip>
              ) : row.members >= (code.group_limit ?? 200) ? (
                <Chip tone="ochre">{t("codes.group_full")}</Chip>
              ) : row.on ? (
                <Chip tone="pine">{t("codes.group_on")}</Chip>
              ) : (
                <Chip>{t("codes.group_waits")}</Chip>
              ),
          },
          {
            key: "members",
            title: t("codes.members"),
            align: "right",
            render: (row) => t("codes.today_of", { n: f.count(row.members), most: f.count(code.group_limit) }),
          },
          { key: "joined", title: t("codes.joined_by_code"), align: "right", render: (row) => f.count(row.joined) },
          {
            key: "by",
            title: t("codes.opened_by"),
            render: (row) => t(row.by_carrier ? "codes.by_carrier" : "codes.by_us"),
          },
        ]}
      />
    </Panel>
  );
}

function DaysPanel({ code }: { code: Code }) {
  const { t } = useTranslation();
  const f = useFormat();
  const query = useFigures(code.id);
  const palette = PALETTE[useTheme()];
  const days = query.data?.days;
  const option = useMemo<ChartOption>(
    () => ({
      tooltip: { trigger: "axis" },
      legend: { top: 0, right: 0, textStyle: { color: palette.ink } },
      grid: { left: 40, right: 12, top: 34, bottom: 24 },
      xAxis: { type: "category", data: (days ?? []).map((day) => day.on.slice(5)) },
      yAxis: { type: "value", minInterval: 1 },
      series: [
        { type: "bar", name: t("codes.added_then"), data: (days ?? []).map((day) => day.added), barMaxWidth: 14 },
        { type: "line", name: t("codes.visitors"), data: (days ?? []).map((day) => day.visits), symbol: "none" },
      ],
    }),
    [days, palette, t],
  );
  const table = (
    <DataTable
      caption={t("codes.by_day")}
      rows={(days ?? []).toReversed()}
      rowKey={(row) => row.on}
      columns={[
        { key: "on", title: t("codes.day"), render: (row) => row.on },
        { key: "visits", title: t("codes.visitors"), align: "right", render: (row) => f.count(row.visits) },
        { key: "added", title: t("codes.added_then"), align: "right", render: (row) => f.count(row.added) },
      ]}
    />
  );
  return (
    <QueryView query={query} height={260}>
      {() => (
        <ChartPanel
          title={t("codes.by_day")}
          hint={t("codes.by_day_hint")}
          chart={<Chart option={option} height={240} label={t("codes.by_day")} />}
          table={table}
        />
      )}
    </QueryView>
  );
}
