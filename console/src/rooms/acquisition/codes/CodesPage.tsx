import { PlusOutlined, PrinterOutlined } from "@ant-design/icons";
import { Button, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { CodeEditor } from "./CodeEditor";
import { LinksTab } from "./LinksTab";
import { PlacesTab } from "./PlacesTab";
import { PosterDrawer } from "./PosterDrawer";
import { type Code, useCodes } from "./queries";
import { Today } from "./Today";
import { qrOf, toneOf } from "./words";

const TABS = ["codes", "links", "places"] as const;
type Tab = (typeof TABS)[number];

/** Live codes, short links, and which code stands for which store. */
export function CodesPage() {
  const { t } = useTranslation();
  const [params, change] = useQueryState();
  const tab = (params.get("tab") as Tab | null) ?? "codes";
  return (
    <Page title={t("shell.page_codes")} sub={t("codes.sub")}>
      <Segmented
        className="code-tabs"
        aria-label={t("shell.page_codes")}
        value={tab}
        onChange={(value) => change({ tab: value === "codes" ? null : value })}
        options={TABS.map((value) => ({ value, label: t(`codes.tab_${value}`) }))}
      />
      {tab === "codes" ? <CodesTab /> : tab === "links" ? <LinksTab /> : <PlacesTab />}
    </Page>
  );
}

function CodesTab() {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const go = useNavigate();
  const [status, setStatus] = useState<"open" | "closed">("open");
  const query = useCodes(status);
  const [making, setMaking] = useState(false);
  const [printing, setPrinting] = useState(false);
  const [picked, setPicked] = useState(new Set<string | number>());
  const add = may("acquisition.write") && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>
      {t("codes.new")}
    </Button>
  );
  const chosen = (query.data?.items ?? []).filter((one) => picked.has(one.id));
  const extra = (
    <>
      {chosen.length > 0 && (
        <Button icon={<PrinterOutlined />} onClick={() => setPrinting(true)}>
          {t("codes.posters_of", { n: chosen.length, count: chosen.length })}
        </Button>
      )}
      <Segmented
        aria-label={t("codes.status")}
        value={status}
        onChange={setStatus}
        options={(["open", "closed"] as const).map((value) => ({ value, label: t(`codes.status_${value}`) }))}
      />
      {add}
    </>
  );
  return (
    <Panel title={t("codes.tab_codes")} hint={t("codes.hint")} extra={extra} flush>
      <QueryView query={query} lines={6}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty
              title={t(status === "open" ? "codes.none" : "codes.none_closed")}
              hint={status === "open" ? t("codes.none_hint") : undefined}
              action={status === "open" && add}
            />
          ) : (
            <DataTable
              caption={t("codes.tab_codes")}
              cards
              selected={picked}
              onSelect={setPicked}
              rows={data.items}
              rowKey={(row) => row.id}
              columns={[
                {
                  key: "qr",
                  title: <span className="visually-hidden">{t("codes.qr")}</span>,
                  render: (row) => (
                    <img className="code-qr" src={qrOf(row)} alt={t("codes.qr_of", { name: row.name })} />
                  ),
                },
                {
                  key: "name",
                  title: t("codes.name"),
                  wrap: true,
                  render: (row) => (
                    <>
                      <Link to={`/codes/${row.id}`}>{row.name}</Link>
                      <div className="muted small">
                        {[t(`codes.kind_${row.kind}`), row.store_name].filter(Boolean).join(" · ")}
                      </div>
                    </>
                  ),
                },
                { key: "source", title: t("codes.source"), wrap: true, render: (row) => row.source_name },
                {
                  key: "health",
                  title: t("codes.health"),
                  render: (row) => <Chip tone={toneOf(row.health)}>{t(`codes.health_${row.health}`)}</Chip>,
                },
                { key: "on", title: t("codes.receives_now"), wrap: true, render: (row) => <Receiving code={row} /> },
                { key: "today", title: t("codes.today"), align: "right", render: (row) => <Today code={row} /> },
                { key: "added", title: t("codes.added"), align: "right", render: (row) => f.count(row.added) },
                { key: "open", title: t("codes.still_there"), align: "right", render: (row) => f.count(row.open) },
                { key: "visits", title: t("codes.visits"), align: "right", render: (row) => f.count(row.visits) },
              ]}
            />
          )
        }
      </QueryView>
      {making && (
        <CodeEditor code={null} onClose={() => setMaking(false)} onSaved={(made) => go(`/codes/${made.id}`)} />
      )}
      {printing && <PosterDrawer codes={chosen} onClose={() => setPrinting(false)} />}
    </Panel>
  );
}

function Receiving({ code }: { code: Code }) {
  const { t } = useTranslation();
  const on =
    code.kind === "staff"
      ? code.staff.filter((one) => one.on).map((one) => one.name)
      : code.group_lines.filter((one) => one.on).map((one) => one.name || one.chat_id);
  if (on.length === 0) return <span className="muted">{t("codes.nobody_now")}</span>;
  return on.length > 3 ? t("codes.and_more", { names: on.slice(0, 3).join("、"), n: on.length }) : on.join("、");
}
