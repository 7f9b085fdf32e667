import { App, Button, Input } from "antd";
import { useTranslation } from "react-i18next";
import { useFail } from "@/ui/useFail";
import { type BulkAct, useBulk } from "./queries";

type Props = { ids: number[]; trashed: boolean; done: () => void };
const BACK: Partial<Record<BulkAct, BulkAct>> = {
  retire: "bring_back",
  bring_back: "retire",
  trash: "restore",
  restore: "trash",
  label: "unlabel",
};

/** What can be done to the chosen pieces at once; what can be undone offers it. */
export function BulkBar({ ids, trashed, done }: Props) {
  const { t } = useTranslation();
  const { modal, message } = App.useApp();
  const fail = useFail();
  const bulk = useBulk();
  if (ids.length === 0) return null;
  const act = async (what: BulkAct, value = "", numbers = ids) => {
    try {
      const changed = (await bulk.mutateAsync({ ids: numbers, act: what, value })).items;
      const back = BACK[what];
      done();
      const key = `bulk ${what}`;
      void message.open({
        type: "success",
        key,
        duration: 10,
        content: (
          <>
            {t("content.changed_n", { n: changed.length })}{" "}
            {back && changed.length > 0 && (
              <Button
                size="small"
                type="link"
                onClick={() => {
                  message.destroy(key);
                  void act(
                    back,
                    value,
                    changed.map((one) => one.id),
                  );
                }}
              >
                {t("ui.undo")}
              </Button>
            )}
          </>
        ),
      });
    } catch (error) {
      fail(error);
    }
  };
  const ask = (what: "move" | "label" | "unlabel") => {
    let value = "";
    modal.confirm({
      title: t(`content.bulk_${what}_title`, { n: ids.length }),
      content: (
        <Input
          aria-label={t(what === "move" ? "content.filter_folder" : "content.filter_label")}
          placeholder={t(what === "move" ? "content.folder_help" : "content.filter_label")}
          maxLength={what === "move" ? 120 : 30}
          onChange={(e) => {
            value = e.target.value;
          }}
        />
      ),
      okText: t(`content.bulk_${what}`),
      cancelText: t("ui.cancel"),
      onOk: () => act(what, value),
    });
  };
  return (
    <div className="row bulk-bar" role="toolbar" aria-label={t("content.bulk")}>
      <strong>{t("content.chosen_n", { n: ids.length })}</strong>
      {trashed ? (
        <Button onClick={() => void act("restore")}>{t("content.bulk_restore")}</Button>
      ) : (
        <>
          <Button onClick={() => ask("move")}>{t("content.bulk_move")}</Button>
          <Button onClick={() => ask("label")}>{t("content.bulk_label")}</Button>
          <Button onClick={() => ask("unlabel")}>{t("content.bulk_unlabel")}</Button>
          <Button onClick={() => void act("retire")}>{t("content.bulk_retire")}</Button>
          <Button onClick={() => void act("bring_back")}>{t("content.bulk_bring_back")}</Button>
          <Button danger onClick={() => void act("trash")}>
            {t("content.bulk_trash")}
          </Button>
        </>
      )}
      <Button type="text" onClick={done}>
        {t("content.unchoose")}
      </Button>
    </div>
  );
}
