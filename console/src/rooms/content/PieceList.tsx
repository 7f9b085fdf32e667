import { Checkbox } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { useFormat } from "@/ui/useFormat";
import { KindMark } from "./KindMark";
import type { PieceRow } from "./queries";
import { PURPOSE_TONE, STATUS_TONE } from "./words";

type Props = {
  rows: PieceRow[];
  chosen?: Set<string | number>;
  choose: (chosen: Set<string | number>) => void;
};

export function PieceCards({ rows, chosen, choose }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const toggle = (id: number, on: boolean) => {
    const next = new Set(chosen);
    on ? next.add(id) : next.delete(id);
    choose(next);
  };
  return (
    <ul className="piece-cards">
      {rows.map((row) => (
        <li key={row.id}>
          <article className={`panel piece-card ${chosen?.has(row.id) ? "on" : ""}`} aria-label={row.name}>
            <header className="row spread">
              <KindMark kind={row.kind} />
              {chosen && (
                <Checkbox
                  checked={chosen.has(row.id)}
                  onChange={(e) => toggle(row.id, e.target.checked)}
                  aria-label={t("content.choose_piece", { name: row.name })}
                />
              )}
            </header>
            <h2>
              <Link to={`/content/${row.id}`}>{row.name}</Link>
            </h2>
            <p className="chips">
              <PieceChips row={row} />
            </p>
            <p className="muted small piece-foot">
              {row.owner} · {t("content.changed_at", { at: f.date(row.updated_at) })}
              {row.use_count > 0 && ` · ${t("content.used_n", { n: row.use_count })}`}
            </p>
            <Validity row={row} />
          </article>
        </li>
      ))}
    </ul>
  );
}

export function PieceTable({ rows, chosen, choose }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <div className="panel">
      <DataTable
        caption={t("shell.page_content")}
        cards
        rows={rows}
        rowKey={(row) => row.id}
        selected={chosen}
        onSelect={choose}
        columns={[
          {
            key: "name",
            title: t("content.name"),
            wrap: true,
            render: (row) => <Link to={`/content/${row.id}`}>{row.name}</Link>,
          },
          { key: "kind", title: t("content.filter_kind"), render: (row) => t(`content.kind_${row.kind}`) },
          {
            key: "state",
            title: t("content.filter_status"),
            render: (row) => (
              <span className="chips">
                <PieceChips row={row} />
              </span>
            ),
          },
          { key: "owner", title: t("content.owner"), render: (row) => row.owner },
          { key: "folder", title: t("content.filter_folder"), render: (row) => row.folder },
          { key: "validity", title: t("content.validity"), render: (row) => <Validity row={row} /> },
          { key: "uses", title: t("content.uses"), align: "right", render: (row) => f.count(row.use_count) },
          {
            key: "updated",
            title: t("content.changed"),
            render: (row) => <span className="muted">{f.time(row.updated_at)}</span>,
          },
        ]}
      />
    </div>
  );
}

export function PieceChips({ row }: { row: PieceRow }) {
  const { t } = useTranslation();
  return (
    <>
      <Chip tone={PURPOSE_TONE[row.purpose]}>{t(`content.purpose_${row.purpose}`)}</Chip>
      <Chip tone={STATUS_TONE[row.status]}>{t(`content.status_${row.status}`)}</Chip>
      {row.approved_version !== null && row.approved_version !== row.version && row.status !== "retired" && (
        <Chip tone="pine">{t("content.sends_version", { n: row.approved_version })}</Chip>
      )}
      {row.labels.map((label) => (
        <Chip key={label}>{label}</Chip>
      ))}
    </>
  );
}

/** Until when it may be sent; what is over, or not yet begun, says so. */
export function Validity({ row }: { row: PieceRow }) {
  const { t } = useTranslation();
  const f = useFormat();
  if (!row.valid_from && !row.valid_until) return null;
  const now = Date.now();
  if (row.valid_until && new Date(row.valid_until).getTime() <= now)
    return <p className="small loss">{t("content.ended_at", { at: f.time(row.valid_until) })}</p>;
  if (row.valid_from && new Date(row.valid_from).getTime() > now)
    return <p className="small muted">{t("content.begins_at", { at: f.time(row.valid_from) })}</p>;
  return row.valid_until && <p className="small muted">{t("content.until_at", { at: f.time(row.valid_until) })}</p>;
}
