import { App, Input, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ProblemError } from "@/api/problem";
import { Field } from "@/ui/Field";
import { ProblemView } from "@/ui/ProblemView";
import { useFormat } from "@/ui/useFormat";
import { type NewSuppression, type Suppression, useLift, useSuppress } from "./suppressionQueries";

const CARRIERS: NewSuppression["carrier"][] = ["sms", "email", "webhook"];
const LONGEST_NOTE = 200;

/** One more address by hand, with the reason; what is planned to it stops, too. */
export function SuppressAddress({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [draft, setDraft] = useState<NewSuppression>({ carrier: "sms", address: "", note: "" });
  const add = useSuppress();
  const faults = add.error instanceof ProblemError ? add.error.errors : [];
  const wrong = (field: string) => faults.find((one) => one.field === field)?.message;
  const ready = draft.address.trim().length >= 3 && draft.note.trim() !== "";
  const go = () =>
    add.mutate(
      { ...draft, address: draft.address.trim(), note: draft.note.trim() },
      {
        onSuccess: () => {
          void message.success(t("messaging.suppress_did"));
          close();
        },
      },
    );
  return (
    <Modal
      open
      title={t("messaging.suppress_add")}
      okText={t("messaging.suppress_add")}
      cancelText={t("ui.cancel")}
      confirmLoading={add.isPending}
      okButtonProps={{ disabled: !ready }}
      onOk={go}
      onCancel={close}
    >
      <div className="form">
        <p className="muted">{t("messaging.suppress_hint")}</p>
        <Field label={t("messaging.carrier")}>
          <Select
            value={draft.carrier}
            aria-label={t("messaging.carrier")}
            onChange={(carrier) => setDraft({ ...draft, carrier })}
            options={CARRIERS.map((value) => ({ value, label: t(`content.carrier_${value}`) }))}
          />
        </Field>
        <Field label={t(`messaging.suppress_address_${draft.carrier}`)} error={wrong("address")}>
          <Input
            autoFocus
            maxLength={254}
            value={draft.address}
            onChange={(event) => setDraft({ ...draft, address: event.target.value })}
          />
        </Field>
        <Field label={t("messaging.suppress_why")} error={wrong("note")}>
          <Input
            maxLength={LONGEST_NOTE}
            value={draft.note}
            onChange={(event) => setDraft({ ...draft, note: event.target.value })}
            onPressEnter={() => ready && go()}
          />
        </Field>
        {add.error && faults.length === 0 && <ProblemView error={add.error} compact />}
      </div>
    </Modal>
  );
}

/** Use an address again, with the reason. Only what happens from now on counts against it. */
export function LiftSuppression({ one, close }: { one: Suppression; close: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { message } = App.useApp();
  const [note, setNote] = useState("");
  const lift = useLift();
  const go = () =>
    lift.mutate(
      { one, note: note.trim() },
      {
        onSuccess: () => {
          void message.success(t("messaging.lift_did"));
          close();
        },
      },
    );
  return (
    <Modal
      open
      title={t("messaging.lift_title", { address: one.address })}
      okText={t("messaging.lift")}
      cancelText={t("ui.cancel")}
      confirmLoading={lift.isPending}
      okButtonProps={{ disabled: note.trim() === "" }}
      onOk={go}
      onCancel={close}
    >
      <div className="form">
        <p>
          {t("messaging.lift_was", { reason: f.label(one.reason_name), at: f.time(one.at) })}{" "}
          <span className="muted">{one.note}</span>
        </p>
        <p className="muted">{t("messaging.lift_hint")}</p>
        <Field label={t("messaging.lift_why")}>
          <Input
            autoFocus
            maxLength={LONGEST_NOTE}
            value={note}
            onChange={(event) => setNote(event.target.value)}
            onPressEnter={() => note.trim() && go()}
          />
        </Field>
        {lift.error && <ProblemView error={lift.error} compact />}
      </div>
    </Modal>
  );
}
