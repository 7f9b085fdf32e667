import { Tabs } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { Page } from "@/ui/Page";
import { QueryView } from "@/ui/QueryView";
import { useQueryState } from "@/ui/useQueryState";
import { KindMark } from "./KindMark";
import { PieceChips, Validity } from "./PieceList";
import { type Piece, usePiece } from "./queries";
import { RadarPanel } from "./RadarPanel";
import { ReviewPanel } from "./ReviewPanel";
import type { Kind } from "./types";
import { UsesPanel } from "./UsesPanel";
import { VersionsPanel } from "./VersionsPanel";
import { Writer } from "./Writer";
import { KINDS } from "./words";

/** One piece: written beside the phone that will show it, looked over, kept in versions, and who used and read it. */
export function PiecePage() {
  const { t } = useTranslation();
  const { id } = useParams();
  const [params] = useQueryState();
  const asked = params.get("kind") as Kind;
  const kind: Kind = KINDS.includes(asked) ? asked : "text";
  const query = usePiece(id ? Number(id) : null);
  const back = <Link to="/content">← {t("shell.page_content")}</Link>;
  if (!id)
    return (
      <Page title={t("content.new_of", { kind: t(`content.kind_${kind}`) })} sub={back}>
        <Writer key={kind} kind={kind} piece={null} />
      </Page>
    );
  return (
    <Page title={query.data?.name ?? t("content.piece")} sub={query.data ? <Head piece={query.data} /> : back}>
      <QueryView query={query} lines={10}>
        {(piece) => <Known piece={piece} />}
      </QueryView>
    </Page>
  );
}

function Head({ piece }: { piece: Piece }) {
  const { t } = useTranslation();
  return (
    <span className="row">
      <Link to="/content">← {t("shell.page_content")}</Link>
      <KindMark kind={piece.kind} />
      <PieceChips row={piece} />
      <Validity row={piece} />
    </span>
  );
}

function Known({ piece }: { piece: Piece }) {
  const { t } = useTranslation();
  const [params, change] = useQueryState();
  const items = [
    { key: "write", label: t("content.tab_write"), children: <Writer kind={piece.kind} piece={piece} /> },
    { key: "review", label: t("content.tab_review"), children: <ReviewPanel piece={piece} /> },
    {
      key: "versions",
      label: t("content.tab_versions", { n: piece.version }),
      children: <VersionsPanel piece={piece} />,
    },
    { key: "uses", label: t("content.tab_uses", { n: piece.use_count }), children: <UsesPanel piece={piece} /> },
    { key: "radar", label: t("content.radar"), children: <RadarPanel piece={piece.id} /> },
  ];
  return (
    <Tabs
      items={items}
      activeKey={params.get("tab") ?? "write"}
      onChange={(key) => change({ tab: key === "write" ? null : key })}
    />
  );
}
