import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Input, Modal, Select, Switch } from "antd";
import type { TextAreaRef } from "antd/es/input/TextArea";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { CarrierAccount, WelcomeInfo } from "@/api/types";
import { Field } from "@/ui/Field";
import { ProblemView } from "@/ui/ProblemView";
import { PhonePreview } from "./PhonePreview";
import { type Attachment, bytesOf, contentOf, NAME_PLACE, newLink, partOf, TEXT_BYTES } from "./welcome";

/** Write a greeting beside the phone that will show it. */
export function WelcomeEditor({
  account,
  welcome,
  onClose,
}: {
  account: CarrierAccount;
  welcome: WelcomeInfo | null;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [name, setName] = useState(welcome?.name ?? "");
  const [states, setStates] = useState(welcome?.states ?? []);
  const [staff, setStaff] = useState(welcome?.staff ?? []);
  const [active, setActive] = useState(welcome?.active ?? true);
  const [content, setContent] = useState(() => contentOf(welcome?.content ?? {}));
  const area = useRef<TextAreaRef>(null);
  const save = useMutation({
    mutationFn: () => {
      const body = { name: name.trim(), states, staff, active, content };
      const path = { account_id: account.id };
      return welcome
        ? must(
            api.PUT("/api/v1/carriers/accounts/{account_id}/welcomes/{welcome_id}", {
              params: { path: { ...path, welcome_id: welcome.id } },
              body,
            }),
          )
        : must(api.POST("/api/v1/carriers/accounts/{account_id}/welcomes", { params: { path }, body }));
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["carriers", "welcomes", account.id] });
      void message.success(t("ui.saved"));
      onClose();
    },
  });
  const insert = () => {
    const box = area.current?.resizableTextArea?.textArea;
    const at = box?.selectionStart ?? content.text.length;
    setContent({
      ...content,
      text: content.text.slice(0, at) + NAME_PLACE + content.text.slice(box?.selectionEnd ?? at),
    });
    box?.focus();
  };
  const size = bytesOf(content.text);
  const setAttachment = (index: number, next: Attachment | null) => {
    const attachments = content.attachments.flatMap((one, i) => (i === index ? (next ? [next] : []) : [one]));
    setContent({ ...content, attachments });
  };
  return (
    <Modal
      open
      width={860}
      title={t(welcome ? "carriers.edit_welcome" : "carriers.add_welcome")}
      onCancel={onClose}
      onOk={() => save.mutate()}
      okText={t("ui.save")}
      cancelText={t("ui.cancel")}
      okButtonProps={{
        loading: save.isPending,
        disabled: !name.trim() || (!content.text && content.attachments.length === 0),
      }}
    >
      <div className="welcome-editor">
        <div className="form">
          {save.error && <ProblemView error={save.error} compact />}
          <Field label={t("carriers.welcome_name")} help={t("carriers.welcome_name_help")}>
            <Input value={name} maxLength={80} onChange={(e) => setName(e.target.value)} />
          </Field>
          <Field
            label={t("carriers.text")}
            error={size > TEXT_BYTES ? t("carriers.text_too_long") : null}
            help={t("carriers.text_bytes", { n: size, most: TEXT_BYTES })}
          >
            <Input.TextArea
              ref={area}
              rows={5}
              value={content.text}
              onChange={(e) => setContent({ ...content, text: e.target.value })}
            />
          </Field>
          <div>
            <Button size="small" onClick={insert}>
              {t("carriers.insert_name")}
            </Button>
          </div>
          {content.attachments.map((attachment, index) => (
            <AttachmentFields
              // biome-ignore lint/suspicious/noArrayIndexKey: attachments have no identity
              key={index}
              number={index + 1}
              attachment={attachment}
              onChange={(next) => setAttachment(index, next)}
            />
          ))}
          {content.attachments.length < 9 && (
            <div>
              <Button
                size="small"
                icon={<PlusOutlined />}
                onClick={() => setContent({ ...content, attachments: [...content.attachments, newLink()] })}
              >
                {t("carriers.add_link")}
              </Button>
            </div>
          )}
          <Field label={t("carriers.for_states")} help={t("carriers.for_states_help")}>
            <Select
              mode="tags"
              open={false}
              value={states}
              onChange={setStates}
              aria-label={t("carriers.for_states")}
              suffixIcon={null}
            />
          </Field>
          <Field label={t("carriers.for_staffs")} help={t("carriers.for_staffs_help")}>
            <Select
              mode="tags"
              open={false}
              value={staff}
              onChange={setStaff}
              aria-label={t("carriers.for_staffs")}
              suffixIcon={null}
            />
          </Field>
          <Field label={t("carriers.in_use")}>
            <span>
              <Switch checked={active} onChange={setActive} aria-label={t("carriers.in_use")} />
            </span>
          </Field>
        </div>
        <PhonePreview content={content} />
      </div>
    </Modal>
  );
}

type AttachmentProps = { number: number; attachment: Attachment; onChange: (next: Attachment | null) => void };

function AttachmentFields({ number, attachment, onChange }: AttachmentProps) {
  const { t } = useTranslation();
  const part = partOf(attachment);
  const set = (name: string, value: string) =>
    onChange({ ...attachment, [attachment.msgtype]: { ...part, [name]: value } });
  return (
    <fieldset className="attachment">
      <legend className="small">
        {t(`carriers.part_${attachment.msgtype}`)} {number}{" "}
        <Button
          size="small"
          type="text"
          icon={<DeleteOutlined />}
          onClick={() => onChange(null)}
          aria-label={t("carriers.remove_part", { n: number })}
        />
      </legend>
      {Object.keys(part).map((key) => (
        <Field key={key} label={t(`carriers.part_field_${key}`, { defaultValue: key })}>
          <Input value={part[key]} onChange={(e) => set(key, e.target.value)} />
        </Field>
      ))}
    </fieldset>
  );
}
