import { Button, Input, Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { ProblemError } from "@/api/problem";
import { useAccounts } from "@/rooms/carriers/queries";
import { MediaInput } from "@/rooms/content/MediaInput";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { Field } from "@/ui/Field";
import { Loading } from "@/ui/Loading";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useDebounced } from "@/ui/useDebounced";
import {
  type Landing,
  type Look,
  useCodes,
  useLanding,
  useLandingPreview,
  useLandingStatus,
  useSaveLanding,
} from "./queries";
import { SourceSelect } from "./SourceSelect";
import { PAGE_TONE } from "./words";

const BLANK: Look = {
  title: "",
  words: "",
  picture: "",
  act: "code",
  button: "",
  code_id: null,
  url: "",
  account_id: null,
  path: "",
  query: "",
  footer: "",
  tint: "leaf",
};
const ACTS = ["code", "stores", "link", "mini_program", "none"] as const;
const TINTS = ["leaf", "brick", "ink", "plum"] as const;

/** A landing page is written beside the phone that shows it. */
export function LandingPage() {
  const { t } = useTranslation();
  const id = Number(useParams().id) || 0;
  const query = useLanding(id);
  if (id === 0) return <Writer page={null} />;
  if (query.data) return <Writer key={query.data.edit} page={query.data} />;
  return (
    <Page title={t("shell.page_landing")}>
      {query.error ? <ProblemView error={query.error} retry={() => void query.refetch()} /> : <Loading lines={8} />}
    </Page>
  );
}

function Writer({ page }: { page: Landing | null }) {
  const { t } = useTranslation();
  const go = useNavigate();
  const may = useMay();
  const [name, setName] = useState(page?.name ?? "");
  const [source, setSource] = useState<number | undefined>(page?.source_id);
  const [look, setLook] = useState<Look>(page?.look ?? BLANK);
  const set = (change: Partial<Look>) => setLook((before) => ({ ...before, ...change }));
  const save = useSaveLanding(page, (made) => page === null && go(`/landing/${made.id}`, { replace: true }));
  const status = useLandingStatus(page?.id ?? 0);
  const faults = save.error instanceof ProblemError ? save.error.errors : [];
  const fault = (field: string) => faults.find((one) => one.field === field || one.field === `body.${field}`)?.message;
  const writes = may("acquisition.write");
  const actions = writes && (
    <>
      {page && page.status !== "live" && (
        <Button onClick={() => status.mutate("live")} loading={status.isPending}>
          {t("codes.publish")}
        </Button>
      )}
      {page?.status === "live" && (
        <Button danger onClick={() => status.mutate("closed")} loading={status.isPending}>
          {t("codes.close")}
        </Button>
      )}
      <Button
        type="primary"
        onClick={() => save.mutate({ name: name.trim(), source_id: source as number, look })}
        loading={save.isPending}
        disabled={!name.trim() || !source || !look.title.trim()}
      >
        {t("ui.save")}
      </Button>
    </>
  );
  const title = (
    <span className="row">
      {page?.name ?? t("codes.new_page")}
      {page && <Chip tone={PAGE_TONE[page.status]}>{t(`codes.page_${page.status}`)}</Chip>}
    </span>
  );
  return (
    <Page
      title={title}
      heading={page?.name ?? t("codes.new_page")}
      sub={page?.status === "live" ? t("codes.live_sub") : undefined}
      actions={actions}
    >
      <div className="survey-writer">
        <Panel>
          <div className="form">
            {save.error !== null && faults.length === 0 && <ProblemView error={save.error} compact />}
            {page && (
              <p className="small">
                {t("codes.page_address")}{" "}
                <a href={page.link || page.address} target="_blank" rel="noreferrer">
                  {page.link || page.address}
                </a>
              </p>
            )}
            <Field label={t("codes.name")} help={t("codes.page_name_help")} error={fault("name")}>
              <Input value={name} maxLength={80} onChange={(e) => setName(e.target.value)} />
            </Field>
            <Field label={t("codes.source")} error={fault("source_id")}>
              <SourceSelect value={source} onChange={setSource} />
            </Field>
            <Field label={t("codes.page_title")} error={fault("look.title")}>
              <Input value={look.title} maxLength={60} onChange={(e) => set({ title: e.target.value })} />
            </Field>
            {may("content.write") && (
              <MediaInput
                label={t("codes.picture")}
                name="picture"
                value={look.picture ?? ""}
                onChange={(picture) => set({ picture })}
              />
            )}
            <Field label={t("codes.page_words")} error={fault("look.words")}>
              <Input.TextArea
                rows={5}
                maxLength={2000}
                value={look.words}
                onChange={(e) => set({ words: e.target.value })}
              />
            </Field>
            <Field label={t("codes.act")} help={t(`codes.act_${look.act}_help`)}>
              <Select
                aria-label={t("codes.act")}
                value={look.act}
                onChange={(act) => set({ act })}
                options={ACTS.map((value) => ({ value, label: t(`codes.act_${value}`) }))}
              />
            </Field>
            <Act look={look} set={set} fault={fault} />
            <Field label={t("codes.page_footer")} error={fault("look.footer")}>
              <Input value={look.footer} maxLength={200} onChange={(e) => set({ footer: e.target.value })} />
            </Field>
            <Field label={t("codes.tint")}>
              <span>
                <Segmented
                  aria-label={t("codes.tint")}
                  value={look.tint}
                  onChange={(tint) => set({ tint })}
                  options={TINTS.map((value) => ({ value, label: t(`codes.tint_${value}`) }))}
                />
              </span>
            </Field>
          </div>
        </Panel>
        <Phone look={look} />
      </div>
    </Page>
  );
}

type ActProps = { look: Look; set: (change: Partial<Look>) => void; fault: (field: string) => string | undefined };

function Act({ look, set, fault }: ActProps) {
  const { t } = useTranslation();
  const codes = useCodes("open");
  const accounts = useAccounts();
  if (look.act === "code")
    return (
      <Field label={t("codes.to_code")} error={fault("look.code_id")}>
        <Select
          aria-label={t("codes.to_code")}
          showSearch={{ optionFilterProp: "label" }}
          value={look.code_id ?? undefined}
          onChange={(code_id) => set({ code_id })}
          options={(codes.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }))}
        />
      </Field>
    );
  if (look.act !== "link" && look.act !== "mini_program") return null;
  return (
    <>
      <Field label={t("codes.button")} error={fault("look.button")}>
        <Input value={look.button} maxLength={20} onChange={(e) => set({ button: e.target.value })} />
      </Field>
      {look.act === "link" ? (
        <Field label={t("codes.to_url")} error={fault("look.url")}>
          <Input
            value={look.url}
            maxLength={2000}
            placeholder="https://"
            onChange={(e) => set({ url: e.target.value })}
          />
        </Field>
      ) : (
        <>
          <Field label={t("codes.mini_program")} error={fault("look.account_id")}>
            <Select
              aria-label={t("codes.mini_program")}
              value={look.account_id ?? undefined}
              onChange={(account_id) => set({ account_id })}
              options={(accounts.data?.items ?? [])
                .filter((one) => one.product === "mini_program")
                .map((one) => ({ value: one.id, label: one.name }))}
            />
          </Field>
          <Field label={t("codes.path")} help={t("codes.path_help")} error={fault("look.path")}>
            <Input value={look.path} maxLength={200} onChange={(e) => set({ path: e.target.value })} />
          </Field>
          <Field label={t("codes.query")} error={fault("look.query")}>
            <Input value={look.query} maxLength={1024} onChange={(e) => set({ query: e.target.value })} />
          </Field>
        </>
      )}
    </>
  );
}

function Phone({ look }: { look: Look }) {
  const { t } = useTranslation();
  const [lang, setLang] = useState<"zh" | "en">("zh");
  const query = useLandingPreview(useDebounced(look, 400), lang);
  return (
    <aside className="survey-phone stack" aria-label={t("codes.preview")}>
      <Segmented
        aria-label={t("codes.preview")}
        value={lang}
        onChange={setLang}
        options={[
          { value: "zh", label: "中文" },
          { value: "en", label: "English" },
        ]}
      />
      <QueryView query={query} lines={8}>
        {(html) => (
          <figure className="handset">
            <iframe title={t("codes.preview")} srcDoc={html} sandbox="" />
          </figure>
        )}
      </QueryView>
    </aside>
  );
}
