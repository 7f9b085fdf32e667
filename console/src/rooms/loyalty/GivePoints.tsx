import { DatePicker, Input, InputNumber, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import { Field } from "@/ui/Field";
import { AudienceField, isChosen } from "./AudienceField";
import { type Audience, newRef, useAct } from "./queries";

/** Points by hand for a segment or for people named; the job tells who has them. */
export function GivePoints({
  onClose,
  started,
  to = {},
}: {
  onClose: () => void;
  started: (job: string) => void;
  to?: Audience;
}) {
  const { t } = useTranslation();
  const [ref] = useState(newRef);
  const [who, setWho] = useState<Audience>(to);
  const [points, setPoints] = useState<number | null>(100);
  const [reason, setReason] = useState("");
  const [lastOn, setLastOn] = useState<string | null>(null);
  const act = useAct(async () => {
    const job = await must(
      api.POST("/api/v1/loyalty/points/grants", {
        body: { ...who, points: points ?? 0, reason: reason.trim(), ref, last_on: lastOn },
      }),
    );
    started(job.job_id);
    onClose();
  });
  return (
    <Modal
      open
      title={t("loyalty.give_points")}
      onCancel={onClose}
      onOk={() => act.mutate(undefined)}
      okText={t("loyalty.give")}
      okButtonProps={{ disabled: !isChosen(who) || !points || !reason.trim(), loading: act.isPending }}
    >
      <div className="form">
        <AudienceField value={who} onChange={setWho} />
        <Field label={t("loyalty.points_each")}>
          <InputNumber min={1} max={1_000_000_000} precision={0} value={points} onChange={setPoints} />
        </Field>
        <Field label={t("loyalty.reason")} help={t("loyalty.reason_help")}>
          <Input value={reason} maxLength={200} onChange={(e) => setReason(e.target.value)} />
        </Field>
        <Field label={t("loyalty.last_on")} help={t("loyalty.last_on_help")}>
          <DatePicker onChange={(day) => setLastOn(day ? day.format("YYYY-MM-DD") : null)} />
        </Field>
      </div>
    </Modal>
  );
}
