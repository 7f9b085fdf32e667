import { App, Button, Input } from "antd";
import { useTranslation } from "react-i18next";
import type { Campaign, CampaignAction } from "@/api/types";
import { useMay } from "@/shell/session";
import { useCampaignAct } from "./queries";

/** The one that moves it on comes first; what ends it comes last. */
const ORDER: CampaignAction[] = ["submit", "approve", "schedule", "resume", "pause", "reject", "withdraw", "cancel"];
const ONWARD = new Set<CampaignAction>(["submit", "approve", "schedule", "resume"]);
const ASKED = new Set<CampaignAction>(["pause", "reject", "withdraw", "cancel"]);
const WITH_NOTE = new Set<CampaignAction>(["reject", "cancel"]);

type Props = {
  campaign: Campaign;
  /** What has to be saved first. */
  before?: () => Promise<boolean>;
  onDone: (campaign: Campaign) => void;
  onFail: (error: unknown) => void;
};

/** What may be done now, each with what it means said before it is done. */
export function Actions({ campaign, before, onDone, onFail }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const act = useCampaignAct(campaign.id);
  const { modal } = App.useApp();
  const allowed = (action: CampaignAction) =>
    may(action === "approve" || action === "reject" ? "campaigns.approve" : "campaigns.write");
  const run = async (action: CampaignAction, note = "") => {
    if (before && !(await before())) return;
    await act.mutateAsync({ action, note }).then(onDone, onFail);
  };
  const ask = (action: CampaignAction) => {
    let note = "";
    modal.confirm({
      title: t(`campaigns.ask_${action}`, { name: campaign.name }),
      content: (
        <div className="stack">
          <p>{t(`campaigns.means_${action}`)}</p>
          {WITH_NOTE.has(action) && (
            <Input.TextArea
              aria-label={t("campaigns.note")}
              placeholder={t("campaigns.note")}
              maxLength={1000}
              onChange={(e) => {
                note = e.target.value;
              }}
            />
          )}
        </div>
      ),
      okText: t(`campaigns.do_${action}`),
      okButtonProps: { danger: action === "cancel" },
      cancelText: t("ui.close"),
      onOk: () => run(action, note),
    });
  };
  return ORDER.filter((action) => campaign.actions.includes(action) && allowed(action)).map((action, place) => (
    <Button
      key={action}
      type={place === 0 && ONWARD.has(action) ? "primary" : "default"}
      danger={action === "cancel"}
      loading={act.isPending && act.variables?.action === action}
      disabled={act.isPending || (action === "submit" && campaign.faults.length > 0)}
      onClick={() => (ASKED.has(action) ? ask(action) : void run(action))}
    >
      {t(`campaigns.do_${action}`)}
    </Button>
  ));
}
