import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Answer, Row } from "@/api/answer";
import { api, must } from "@/api/client";
import { useMay } from "@/shell/session";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Figure, Figures } from "@/ui/Figure";
import { MoreButton } from "@/ui/MoreButton";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useCursorList } from "@/ui/useCursorList";
import { useFormat } from "@/ui/useFormat";
import { SharePanel } from "./SharePanel";

type Radar = Answer<"/api/v1/content/pieces/{piece_id}/radar", "get">;
type Reader = Row<"/api/v1/content/pieces/{piece_id}/radar/people">;

/** What became of a piece once it went out: who read it, for how long, what they opened, and to whom it was passed on. */
export function RadarPanel({ piece }: { piece: number }) {
  const { t } = useTranslation();
  const may = useMay();
  const [send, setSend] = useState<number | undefined>();
  const query = useQuery({
    queryKey: ["content", "radar", piece],
    queryFn: () => must(api.GET("/api/v1/content/pieces/{piece_id}/radar", { params: { path: { piece_id: piece } } })),
  });
  return (
    <QueryView query={query} lines={8}>
      {(radar) => {
        const whole = radar.readings.find((one) => one.send_id === null);
        const sends = radar.readings.filter((one) => one.send_id !== null);
        if (!whole || (whole.opened === 0 && whole.sent === 0))
          return (
            <div className="panel">
              <Empty title={t("content.radar_none")} hint={t("content.radar_none_hint")} />
            </div>
          );
        return (
          <div className="stack">
            <Whole reading={whole} />
            <BySend readings={sends} />
            <div className="grid">
              <Clicks clicks={radar.clicks} />
              {may("customers.read") && <SharePanel piece={piece} send={send} />}
            </div>
            {may("customers.read") && (
              <Readers piece={piece} send={send} setSend={setSend} sends={sends.map((one) => one.send_id ?? 0)} />
            )}
          </div>
        );
      }}
    </QueryView>
  );
}

type Reading = Radar["readings"][number];

function Whole({ reading }: { reading: Reading }) {
  const { t } = useTranslation();
  const f = useFormat();
  const cells = [
    { key: "sent", value: f.count(reading.sent) },
    {
      key: "people",
      value: f.count(reading.people),
      note: t("content.radar_rate", { rate: f.rate(reading.sent ? reading.people / reading.sent : 0) }),
    },
    { key: "visitors", value: f.count(reading.visitors + reading.counted) },
    { key: "median", value: reading.median_seconds === null ? "–" : f.seconds(reading.median_seconds) },
    { key: "clicked", value: f.count(reading.clicked) },
    {
      key: "shared",
      value: f.count(reading.sharers),
      note: t("content.radar_shared_to", { n: f.count(reading.shared_to) }),
    },
  ];
  return (
    <Figures count={cells.length}>
      {cells.map((one) => (
        <Figure
          key={one.key}
          label={t(`content.radar_${one.key}`)}
          hint={t(`content.radar_${one.key}_hint`)}
          value={one.value}
          note={one.note}
        />
      ))}
    </Figures>
  );
}

function BySend({ readings }: { readings: Reading[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  if (readings.length === 0) return null;
  return (
    <Panel title={t("content.radar_by_send")} flush>
      <DataTable
        caption={t("content.radar_by_send")}
        cards
        rows={readings}
        rowKey={(row) => `${row.send_id} ${row.variant}`}
        columns={[
          {
            key: "send",
            title: t("content.radar_send"),
            render: (row) =>
              row.send_id ? (
                <Link to={`/sends/${row.send_id}`}>
                  {t("content.radar_send_n", { n: row.send_id })} {row.variant}
                </Link>
              ) : (
                t("content.radar_by_hand")
              ),
          },
          { key: "sent", title: t("content.radar_sent"), align: "right", render: (row) => f.count(row.sent) },
          { key: "people", title: t("content.radar_people"), align: "right", render: (row) => f.count(row.people) },
          {
            key: "rate",
            title: t("content.radar_read_rate"),
            align: "right",
            render: (row) => f.rate(row.sent ? row.people / row.sent : null),
          },
          {
            key: "median",
            title: t("content.radar_median"),
            align: "right",
            render: (row) => f.seconds(row.median_seconds),
          },
          { key: "clicked", title: t("content.radar_clicked"), align: "right", render: (row) => f.count(row.clicked) },
          { key: "shared", title: t("content.radar_shared"), align: "right", render: (row) => f.count(row.sharers) },
        ]}
      />
    </Panel>
  );
}

function Clicks({ clicks }: { clicks: Radar["clicks"] }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <Panel title={t("content.radar_links")} hint={t("content.radar_links_hint")} className="w6" flush>
      {clicks.length === 0 ? (
        <Empty title={t("content.radar_no_links")} />
      ) : (
        <DataTable
          caption={t("content.radar_links")}
          cards
          rows={clicks}
          rowKey={(row) => `${row.version} ${row.number}`}
          columns={[
            {
              key: "url",
              title: t("content.field_url"),
              wrap: true,
              render: (row) =>
                row.number === 0 ? t("content.radar_article") : <span className="long-url">{row.url}</span>,
            },
            { key: "version", title: t("content.version"), align: "right", render: (row) => row.version },
            { key: "opened", title: t("content.radar_opened"), align: "right", render: (row) => f.count(row.opened) },
            { key: "people", title: t("content.radar_people"), align: "right", render: (row) => f.count(row.people) },
          ]}
        />
      )}
    </Panel>
  );
}

type ReadersProps = { piece: number; send?: number; setSend: (send?: number) => void; sends: number[] };

function Readers({ piece, send, setSend, sends }: ReadersProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const { query, rows } = useCursorList<Reader>(["content", "radar", piece, "people", send], (cursor) =>
    must(
      api.GET("/api/v1/content/pieces/{piece_id}/radar/people", {
        params: { path: { piece_id: piece }, query: { send_id: send, cursor, limit: 50 } },
      }),
    ),
  );
  const at = (ms: number) => f.time(new Date(ms).toISOString());
  return (
    <Panel
      title={t("content.radar_readers")}
      hint={t("content.radar_readers_hint")}
      flush
      extra={
        <Select
          allowClear
          aria-label={t("content.radar_of_send")}
          placeholder={t("content.radar_all_sends")}
          value={send}
          onChange={setSend}
          options={[...new Set(sends)].map((value) => ({
            value,
            label: value ? t("content.radar_send_n", { n: value }) : t("content.radar_by_hand"),
          }))}
          style={{ minWidth: 140 }}
        />
      }
    >
      <QueryView query={query}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("content.radar_nobody")} hint={t("content.radar_nobody_hint")} />
          ) : (
            <>
              <DataTable
                caption={t("content.radar_readers")}
                cards
                rows={rows}
                rowKey={(row) => row.customer_id}
                columns={[
                  {
                    key: "customer",
                    title: t("messaging.customer"),
                    render: (row) => (
                      <Link to={`/customers/${row.customer_id}`}>
                        {row.customer?.name || t("content.nameless", { id: row.customer_id })}
                      </Link>
                    ),
                  },
                  {
                    key: "opened",
                    title: t("content.radar_opened"),
                    align: "right",
                    render: (row) => f.count(row.opened),
                  },
                  {
                    key: "seconds",
                    title: t("content.radar_seconds"),
                    align: "right",
                    render: (row) => f.seconds(row.seconds),
                  },
                  {
                    key: "clicked",
                    title: t("content.radar_clicks"),
                    align: "right",
                    render: (row) => f.count(row.clicked),
                  },
                  {
                    key: "shared",
                    title: t("content.radar_shared_people"),
                    align: "right",
                    render: (row) => f.count(row.shared_to),
                  },
                  {
                    key: "first",
                    title: t("content.radar_first"),
                    render: (row) => <span className="muted">{at(row.first_ms)}</span>,
                  },
                  {
                    key: "last",
                    title: t("content.radar_last"),
                    render: (row) => <span className="muted">{at(row.last_ms)}</span>,
                  },
                ]}
              />
              <MoreButton query={query} />
            </>
          )
        }
      </QueryView>
    </Panel>
  );
}
