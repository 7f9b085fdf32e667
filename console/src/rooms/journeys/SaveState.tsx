import { App, Button } from "antd";
import type { RefObject } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import { isProblem } from "@/api/problem";
import type { useAutosave } from "@/rooms/campaigns/wizard/useAutosave";
import { ProblemView } from "@/ui/ProblemView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { path } from "./queries";
import type { Draft } from "./useEditor";

type Saving = ReturnType<typeof useAutosave<Draft>>;

export function SaveState({ saving }: { saving: Saving }) {
  const { t } = useTranslation();
  const f = useFormat();
  const words =
    saving.state === "failed"
      ? t("journeys.not_saved")
      : saving.state !== "saved"
        ? t("journeys.saving")
        : saving.at
          ? t("journeys.saved_at", { at: f.clock(saving.at) })
          : "";
  return (
    <span className={saving.state === "failed" ? "saved-at bad" : "saved-at"} role="status">
      {words}
    </span>
  );
}

type ConflictProps = { saving: Saving; journeyId: number; version: RefObject<number>; onReload: () => void };

/** Why it could not be saved. Where somebody else has saved meanwhile, the operator says whose draft stands. */
export function SaveConflict({ saving, journeyId, version, onReload }: ConflictProps) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const fail = useFail();
  if (saving.state !== "failed") return null;
  if (!isProblem(saving.error, 409))
    return (
      <div className="journey-problem">
        <ProblemView compact error={saving.error} retry={() => void saving.flush()} />
      </div>
    );
  const mine = async () => {
    const now = await must(api.GET("/api/v1/journeys/{journey_id}", path(journeyId)));
    version.current = now.draft_version;
    await saving.flush();
  };
  return (
    <div className="journey-problem notice" role="alert">
      <p>
        <b>{t("journeys.conflict")}</b> {t("journeys.conflict_hint")}
      </p>
      <span className="row tight">
        <Button size="small" type="primary" onClick={onReload}>
          {t("journeys.take_theirs")}
        </Button>
        <Button
          size="small"
          danger
          onClick={() =>
            modal.confirm({
              title: t("journeys.keep_mine_ask"),
              content: t("journeys.keep_mine_hint"),
              okText: t("journeys.keep_mine"),
              okButtonProps: { danger: true },
              onOk: () => mine().catch(fail),
            })
          }
        >
          {t("journeys.keep_mine")}
        </Button>
      </span>
    </div>
  );
}
