import { Input } from "antd";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Field } from "@/ui/Field";
import { Loading } from "@/ui/Loading";
import { useFormat } from "@/ui/useFormat";
import { FieldLimits } from "./FieldLimits";
import { MediaInput } from "./MediaInput";
import { NoticeFields } from "./NoticeFields";
import type { Fits, Limit, Variable } from "./queries";
import type { Body, Kind } from "./types";
import { VariableText } from "./VariableText";
import { FIELDS } from "./words";

const ArticleEditor = lazy(async () => ({ default: (await import("./ArticleEditor")).ArticleEditor }));

type Props = {
  kind: Kind;
  body: Body;
  onChange: (body: Body) => void;
  variables: Variable[];
  limits: Limit[];
  fits: Fits;
  faults: { field: string; message: { zh: string; en: string } }[];
};

const ROWS: Partial<Record<keyof Body, number>> = { text: 5, desc: 2 };
const VARIED = ["text", "title", "desc", "subject"];

/** What a kind of piece asks for, and what single carriers want besides, folded away until it is needed. */
export function KindFields({ kind, body, onChange, variables, limits, fits, faults }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const set = (what: Partial<Body>) => onChange({ ...body, ...what });
  const line = (name: keyof Body & string) => {
    const label = t(`content.field_${name}`);
    const value = (body[name] as string | undefined) ?? "";
    if (name === "picture" || name === "file" || name === "video")
      return (
        <MediaInput
          key={name}
          name={name}
          label={label}
          value={value}
          onChange={(v) => set({ [name]: v })}
          fits={fits}
        />
      );
    if (name === "html")
      return (
        <Suspense key={name} fallback={<Loading height={260} />}>
          <ArticleEditor label={label} value={value} onChange={(html) => set({ html })} variables={variables} />
          <FieldLimits name={name} value={value} limits={limits} fits={fits} />
        </Suspense>
      );
    if (VARIED.includes(name))
      return (
        <VariableText
          key={name}
          name={name}
          label={label}
          rows={ROWS[name]}
          help={name === "text" && kind !== "text" ? t("content.text_beside_help") : undefined}
          value={value}
          onChange={(v) => set({ [name]: v })}
          variables={variables}
          limits={limits}
          fits={fits}
        />
      );
    return (
      <div key={name}>
        <Field label={label} help={name === "url" ? t("content.url_help") : undefined}>
          <Input
            value={value}
            inputMode={name === "url" ? "url" : undefined}
            onChange={(e) => set({ [name]: e.target.value.trim() })}
          />
        </Field>
        <FieldLimits name={name} value={value} limits={limits} fits={fits} />
      </div>
    );
  };
  return (
    <>
      {FIELDS[kind].map(line)}
      <details className="piece-more">
        <summary>{t("content.carrier_email")}</summary>
        {line("subject")}
      </details>
      <details className="piece-more">
        <summary>{t("content.notices")}</summary>
        <p className="muted small">{t("content.notices_help")}</p>
        {(["mini_program", "official_account"] as const).map((product) => (
          <NoticeFields
            key={product}
            product={product}
            notice={body.notices?.[product]}
            variables={variables}
            onChange={(notice) => {
              const { [product]: _, ...others } = body.notices ?? {};
              set({ notices: notice ? { ...others, [product]: notice } : others });
            }}
          />
        ))}
      </details>
      {faults.map((fault) => (
        <p key={fault.field + fault.message.zh} className="field-error" role="alert">
          {t(`content.field_${fault.field.replace(/^body\./, "")}`, { defaultValue: fault.field })}
          {t("content.colon")}
          {f.label(fault.message)}
        </p>
      ))}
    </>
  );
}
