import { App, Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useMay } from "@/shell/session";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Panel } from "@/ui/Panel";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { type BulkAct, type Piece, useBulk, usePieceStep } from "./queries";

const LED: Record<string, string> = { send: "/sends/", campaign: "/campaigns/" };

/** Who used the piece, and taking it out of use. */
export function UsesPanel({ piece }: { piece: Piece }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  return (
    <div className="stack">
      {may("content.write") && <Standing piece={piece} />}
      <Panel title={t("content.uses")} flush>
        {piece.uses.length === 0 ? (
          <Empty title={t("content.no_uses")} hint={t("content.no_uses_hint")} />
        ) : (
          <DataTable
            caption={t("content.uses")}
            cards
            rows={piece.uses}
            rowKey={(row) => `${row.ref} ${row.version}`}
            columns={[
              {
                key: "name",
                title: t("content.used_by"),
                wrap: true,
                render: (row) => {
                  const [what = "", id = ""] = row.ref.split(":");
                  return LED[what] ? <Link to={LED[what] + id}>{row.name}</Link> : row.name;
                },
              },
              {
                key: "version",
                title: t("content.version"),
                render: (row) => t("content.version_n", { n: row.version }),
              },
              { key: "at", title: t("content.when"), render: (row) => <span className="muted">{f.time(row.at)}</span> },
            ]}
          />
        )}
      </Panel>
    </div>
  );
}

function Standing({ piece }: { piece: Piece }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { message } = App.useApp();
  const fail = useFail();
  const bulk = useBulk();
  const step = usePieceStep(piece);
  const act = (what: BulkAct) =>
    bulk.mutate(
      { ids: [piece.id], act: what },
      { onError: fail, onSuccess: () => void message.success(t(`content.did_${what}`)) },
    );
  const copy = async () => {
    const made = await step.mutateAsync({ step: "copy" });
    if (made) void navigate(`/content/${made.id}`);
  };
  return (
    <Panel title={t("content.keeping")} hint={t("content.keeping_hint")}>
      <div className="row">
        {piece.trashed_at ? (
          <Button onClick={() => act("restore")}>{t("content.bulk_restore")}</Button>
        ) : (
          <>
            {piece.status === "retired" ? (
              <Button onClick={() => act("bring_back")}>{t("content.bulk_bring_back")}</Button>
            ) : (
              <Button onClick={() => act("retire")}>{t("content.bulk_retire")}</Button>
            )}
            <Button onClick={() => void copy().catch(fail)}>{t("content.copy")}</Button>
            <Button danger onClick={() => act("trash")}>
              {t("content.bulk_trash")}
            </Button>
          </>
        )}
      </div>
    </Panel>
  );
}
