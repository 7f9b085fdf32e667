import { EllipsisOutlined, PlusOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Dropdown, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { api, must } from "@/api/client";
import type { SegmentRow } from "@/api/types";
import { useMay } from "@/shell/session";
import { By } from "@/ui/By";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";
import { QueryView } from "@/ui/QueryView";
import { Sparkline } from "@/ui/Sparkline";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { useSegments } from "./rules/RuleEditor";
import { useDeleteSegment } from "./useDeleteSegment";

const STATUS_TONE = { ready: "pine", computing: "indigo", invalid: "cinnabar" } as const;

export function SegmentsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const segments = useSegments();
  const client = useQueryClient();
  const { message } = App.useApp();
  const fail = useFail();
  const [typed, setTyped] = useState("");
  const recompute = async () => {
    await must(api.POST("/api/v1/segments/recompute"));
    void message.success(t("segments.recompute_started"));
    void client.invalidateQueries({ queryKey: ["jobs"] });
  };
  const actions = (
    <>
      <Input.Search
        allowClear
        placeholder={t("segments.find")}
        aria-label={t("segments.find")}
        value={typed}
        onChange={(e) => setTyped(e.target.value)}
        style={{ width: 190 }}
      />
      {may("segments.write") && (
        <>
          <Button onClick={() => void recompute().catch(fail)}>{t("segments.recompute_all")}</Button>
          <Link to="/segments/new" className="primary-link">
            <PlusOutlined /> {t("segments.new")}
          </Link>
        </>
      )}
    </>
  );
  return (
    <Page title={t("shell.page_segments")} sub={t("segments.sub")} actions={actions}>
      <div className="panel">
        <QueryView query={segments}>
          {(data) => {
            const wanted = typed.trim().toLowerCase();
            const rows = data.items.filter((row) =>
              `${row.name} ${row.description ?? ""}`.toLowerCase().includes(wanted),
            );
            if (data.items.length === 0) {
              return (
                <Empty
                  title={t("segments.none")}
                  hint={t("segments.none_hint")}
                  action={may("segments.write") && <Link to="/segments/new">{t("segments.new")}</Link>}
                />
              );
            }
            return rows.length === 0 ? <Empty title={t("segments.none_found")} /> : <SegmentTable rows={rows} />;
          }}
        </QueryView>
      </div>
    </Page>
  );
}

function SegmentTable({ rows }: { rows: SegmentRow[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <DataTable
      caption={t("shell.page_segments")}
      cards
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        {
          key: "name",
          title: t("segments.name"),
          wrap: true,
          render: (row) => (
            <>
              <Link to={`/segments/${row.id}`}>{row.name}</Link>
              {row.description && <p className="muted small">{row.description}</p>}
            </>
          ),
        },
        {
          key: "count",
          title: t("ui.customers"),
          align: "right",
          render: (row) =>
            row.customer_count == null ? (
              "–"
            ) : (
              <Link to={`/customers?segment=${row.id}`}>{f.count(row.customer_count)}</Link>
            ),
        },
        {
          key: "trend",
          title: t("segments.trend"),
          render: (row) => <Sparkline values={row.sizes.map((s) => s.count)} />,
        },
        {
          key: "change",
          title: t("segments.change_7d"),
          align: "right",
          render: (row) => <Change value={row.change_7d} />,
        },
        {
          key: "status",
          title: t("segments.status"),
          render: (row) => <Chip tone={STATUS_TONE[row.status]}>{t(`segments.status_${row.status}`)}</Chip>,
        },
        {
          key: "computed",
          title: t("segments.computed"),
          render: (row) => <span className="muted">{f.time(row.computed_at)}</span>,
        },
        { key: "by", title: t("segments.by"), render: (row) => <By who={row.created_by} /> },
        {
          key: "act",
          title: <span className="visually-hidden">{t("segments.more")}</span>,
          render: (row) => <RowMenu row={row} />,
        },
      ]}
    />
  );
}

function Change({ value }: { value: number | null }) {
  const f = useFormat();
  if (value == null) return <span className="muted">–</span>;
  return <span className={value === 0 ? "muted" : ""}>{value > 0 ? `+${f.count(value)}` : f.count(value)}</span>;
}

function RowMenu({ row }: { row: SegmentRow }) {
  const { t } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const del = useDeleteSegment();
  const fail = useFail();
  const items = [
    { key: "open", label: t("segments.open"), onClick: () => navigate(`/segments/${row.id}`) },
    { key: "people", label: t("segments.see_people"), onClick: () => navigate(`/customers?segment=${row.id}`) },
    ...(may("segments.write")
      ? [{ key: "delete", danger: true, label: t("ui.delete"), onClick: () => void del(row).catch(fail) }]
      : []),
  ];
  return (
    <Dropdown menu={{ items }} trigger={["click"]} placement="bottomRight">
      <Button
        type="text"
        size="small"
        icon={<EllipsisOutlined />}
        aria-label={t("segments.more_of", { name: row.name })}
      />
    </Dropdown>
  );
}
