import { AppstoreOutlined, BarsOutlined, PlusOutlined } from "@ant-design/icons";
import { Dropdown, Input, Segmented, Select } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMay } from "@/shell/session";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Page } from "@/ui/Page";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useDebounced } from "@/ui/useDebounced";
import { useQueryState } from "@/ui/useQueryState";
import { BulkBar } from "./BulkBar";
import { PieceCards, PieceTable } from "./PieceList";
import { usePieces, useShelves, type Wanted } from "./queries";
import type { Carrier, Kind, PieceStatus, Purpose } from "./types";
import { CARRIERS, KINDS, PURPOSES, STATUSES } from "./words";

const FILTERS = ["q", "kind", "purpose", "status", "folder", "label", "carrier", "owner", "usable", "trashed"];

export function LibraryPage() {
  const { t } = useTranslation();
  const may = useMay();
  const [params, change] = useQueryState();
  const [chosen, choose] = useState<Set<string | number>>(new Set());
  const wanted: Wanted = {
    q: params.get("q") ?? undefined,
    kind: (params.get("kind") as Kind | null) ?? undefined,
    purpose: (params.get("purpose") as Purpose | null) ?? undefined,
    status: (params.get("status") as PieceStatus | null) ?? undefined,
    folder: params.get("folder") ?? undefined,
    label: params.get("label") ?? undefined,
    carrier: (params.get("carrier") as Carrier | null) ?? undefined,
    owner: params.get("owner") ?? undefined,
    usable: params.has("usable") || undefined,
    trashed: params.has("trashed") || undefined,
  };
  const { query, rows } = usePieces(wanted);
  const filtered = FILTERS.some((name) => params.has(name));
  const as = params.get("as") === "table" ? "table" : "cards";
  const List = as === "table" ? PieceTable : PieceCards;
  const write = may("content.write") && <NewPiece />;
  const actions = (
    <>
      <Link to="/content/radar">{t("content.radar")} →</Link>
      <Segmented
        aria-label={t("content.show_as")}
        value={as}
        onChange={(value) => change({ as: value === "cards" ? null : value }, true)}
        options={[
          { value: "cards", icon: <AppstoreOutlined />, label: t("content.as_cards") },
          { value: "table", icon: <BarsOutlined />, label: t("content.as_table") },
        ]}
      />
      {write}
    </>
  );
  return (
    <Page title={t("shell.page_content")} sub={t("content.sub")} actions={actions}>
      <div className="stack">
        <Filters />
        {may("content.write") && (
          <BulkBar ids={[...chosen].map(Number)} trashed={wanted.trashed === true} done={() => choose(new Set())} />
        )}
        <QueryView query={query} lines={8}>
          {() =>
            rows.length === 0 ? (
              <div className="panel">
                {filtered ? (
                  <Empty title={t("content.none_found")} hint={t("content.none_found_hint")} />
                ) : (
                  <Empty title={t("content.none")} hint={t("content.none_hint")} action={write} />
                )}
              </div>
            ) : (
              <>
                <List rows={rows} chosen={may("content.write") ? chosen : undefined} choose={choose} />
                {query.isFetchNextPageError && <ProblemView error={query.error} />}
                <MoreButton query={query} />
              </>
            )
          }
        </QueryView>
      </div>
    </Page>
  );
}

export function NewPiece() {
  const { t } = useTranslation();
  const items = KINDS.map((kind) => ({
    key: kind,
    label: (
      <Link to={`/content/new?kind=${kind}`}>
        {t(`content.kind_${kind}`)} <span className="muted small">{t(`content.kind_${kind}_hint`)}</span>
      </Link>
    ),
  }));
  return (
    <Dropdown menu={{ items }} trigger={["click"]} placement="bottomRight">
      <button type="button" className="primary-link">
        <PlusOutlined /> {t("content.new")}
      </button>
    </Dropdown>
  );
}

function Filters() {
  const { t } = useTranslation();
  const [params, change] = useQueryState();
  const shelves = useShelves();
  const [typed, setTyped] = useState(params.get("q") ?? "");
  const settled = useDebounced(typed, 300);
  useEffect(() => change({ q: settled.trim() || null }, true), [settled, change]);
  const pick = (name: string, options: { value: string; label: string }[]) => (
    <Select
      allowClear
      aria-label={t(`content.filter_${name}`)}
      placeholder={t(`content.filter_${name}`)}
      value={params.get(name)}
      onChange={(value) => change({ [name]: value ?? null }, true)}
      options={options}
      popupMatchSelectWidth={false}
      style={{ minWidth: 116 }}
    />
  );
  const named = (names: readonly string[], stem: string) =>
    names.map((value) => ({ value, label: t(`content.${stem}_${value}`) }));
  const counted = (items: { name: string; count: number }[]) =>
    items.filter((one) => one.name).map((one) => ({ value: one.name, label: `${one.name} (${one.count})` }));
  const standing = params.has("trashed") ? "trashed" : params.has("usable") ? "usable" : "kept";
  return (
    <search className="row content-filters">
      <Input.Search
        allowClear
        className="search-box"
        style={{ width: 220 }}
        placeholder={t("content.find")}
        aria-label={t("content.find")}
        value={typed}
        onChange={(e) => setTyped(e.target.value)}
      />
      {pick("kind", named(KINDS, "kind"))}
      {pick("purpose", named(PURPOSES, "purpose"))}
      {pick("status", named(STATUSES, "status"))}
      {pick("carrier", named(CARRIERS, "carrier"))}
      {pick("owner", counted(shelves.data?.owners ?? []))}
      {pick("folder", counted(shelves.data?.folders ?? []))}
      {pick("label", counted(shelves.data?.labels ?? []))}
      <Select
        aria-label={t("content.standing")}
        value={standing}
        onChange={(value) =>
          change({ trashed: value === "trashed" ? "1" : null, usable: value === "usable" ? "1" : null }, true)
        }
        options={["kept", "usable", "trashed"].map((value) => ({ value, label: t(`content.standing_${value}`) }))}
        popupMatchSelectWidth={false}
      />
    </search>
  );
}
