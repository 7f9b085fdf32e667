import { Button, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Answer } from "@/api/answer";
import { DropZone } from "@/rooms/orders/DropZone";
import { useFormat } from "@/ui/useFormat";
import { useImportSources } from "./queries";

type Taken = Answer<"/api/v1/acquisition/sources/import", "post">;

/** A tree from a table: what it would do is shown before it is done. */
export function SourcesImport({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const act = useImportSources();
  const [file, setFile] = useState<string | null>(null);
  const [taken, setTaken] = useState<Taken | null>(null);
  const look = (file_id: string) => {
    setFile(file_id);
    act.mutate({ file_id, dry_run: true }, { onSuccess: setTaken, onError: () => setFile(null) });
  };
  return (
    <Modal
      open
      width={640}
      title={t("acquire.import_tree")}
      onCancel={onClose}
      okText={t("acquire.import_now")}
      okButtonProps={{
        disabled: !taken || taken.made_count + taken.changed_count === 0,
        loading: act.isPending && file !== null,
      }}
      onOk={() => file && act.mutate({ file_id: file, dry_run: false }, { onSuccess: onClose })}
    >
      <p className="muted">{t("acquire.tree_columns")}</p>
      {taken === null ? (
        <DropZone onFile={(one) => look(one.file_id)} />
      ) : (
        <div className="stack" role="status">
          <p>
            {t("acquire.tree_would", {
              made: f.count(taken.made_count),
              changed: f.count(taken.changed_count),
              same: f.count(taken.same_count),
            })}
          </p>
          {taken.faults.length > 0 && (
            <ul className="notice">
              {taken.faults.slice(0, 20).map((one) => (
                <li key={one.line}>
                  {t("acquire.line", { n: one.line })} {f.label(one.message)}
                </li>
              ))}
            </ul>
          )}
          <Button onClick={() => setTaken(null)}>{t("orders.other_file")}</Button>
        </div>
      )}
    </Modal>
  );
}
