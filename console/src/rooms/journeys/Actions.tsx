import { EllipsisOutlined } from "@ant-design/icons";
import { App, Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { Journey, JourneyAction } from "@/api/types";
import { useMay } from "@/shell/session";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { useAct, useCopyJourney } from "./queries";

type Props = { journey: Journey; onPublish: () => void; faulty: boolean };

const DANGEROUS = new Set<JourneyAction>(["stop"]);

/** What may be done with the journey now, each with what it means said before it is done. */
export function Actions({ journey, onPublish, faulty }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const navigate = useNavigate();
  const { modal, message } = App.useApp();
  const fail = useFail();
  const act = useAct(journey.id);
  const copy = useCopyJourney();
  const ask = (action: JourneyAction) =>
    modal.confirm({
      title: t(`journeys.ask_${action}`, { name: journey.name }),
      content: t(`journeys.means_${action}`, { n: f.count(journey.on_the_way_count) }),
      okText: t(`journeys.do_${action}`),
      okButtonProps: { danger: DANGEROUS.has(action) },
      cancelText: t("ui.close"),
      onOk: () => act.mutateAsync(action).then((done) => void message.success(t(`journeys.done_${done.status}`)), fail),
    });
  const first = journey.actions[0];
  const rest = journey.actions.slice(1);
  const items = [
    ...(may("journeys.publish")
      ? rest.map((action) => ({
          key: action,
          danger: DANGEROUS.has(action),
          label: t(`journeys.do_${action}`),
          onClick: () => ask(action),
        }))
      : []),
    ...(may("journeys.write")
      ? [
          {
            key: "copy",
            label: t("journeys.copy"),
            onClick: () =>
              copy.mutate(journey.id, { onSuccess: (made) => navigate(`/journeys/${made.id}`), onError: fail }),
          },
        ]
      : []),
  ];
  return (
    <>
      {may("journeys.publish") && first && (
        <Button loading={act.isPending} onClick={() => ask(first)}>
          {t(`journeys.do_${first}`)}
        </Button>
      )}
      {may("journeys.publish") && journey.status !== "stopped" && (
        <Button type="primary" onClick={onPublish} danger={false} disabled={!journey.can_publish && !faulty}>
          {t("journeys.publish")}
        </Button>
      )}
      {items.length > 0 && (
        <Dropdown menu={{ items }} trigger={["click"]} placement="bottomRight">
          <Button type="text" icon={<EllipsisOutlined />} aria-label={t("journeys.more")} />
        </Dropdown>
      )}
    </>
  );
}
