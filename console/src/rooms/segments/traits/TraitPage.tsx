import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Input } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { api, must } from "@/api/client";
import { isProblem } from "@/api/problem";
import type { Trait } from "@/api/types";
import { useMay } from "@/shell/session";
import { Field } from "@/ui/Field";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { RuleContext } from "../rules/context";
import { useVocabulary } from "../rules/RuleEditor";
import { DefaultInput } from "./DefaultInput";
import { BLANK, type Draft, draftOf, type Part } from "./definition";
import { PartForm } from "./PartForm";
import { settledDefinition, useTrait, useTrial } from "./queries";
import { TrialPanel, UsersPanel, VersionsPanel } from "./TraitPanels";

export function TraitPage() {
  const { t } = useTranslation();
  const { id } = useParams();
  const number = id === "new" ? null : Number(id);
  const trait = useTrait(number);
  if (number === null) return <TraitEditor key="new" trait={null} onReload={() => undefined} />;
  return trait.data ? (
    <TraitEditor key={`${number}.${trait.data.version}`} trait={trait.data} onReload={() => void trait.refetch()} />
  ) : (
    <Page title={t("shell.page_traits")} sub={<Link to="/traits">← {t("traits.back")}</Link>}>
      <QueryView query={trait}>{() => null}</QueryView>
    </Page>
  );
}

function TraitEditor({ trait, onReload }: { trait: Trait | null; onReload: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const may = useMay();
  const navigate = useNavigate();
  const client = useQueryClient();
  const fail = useFail();
  const first = useMemo(() => (trait ? draftOf(trait) : BLANK), [trait]);
  const [draft, setDraft] = useState<Draft>(first);
  const trial = useTrial(draft, trait?.id ?? null);
  const readOnly = !may("segments.write");
  const dirty = JSON.stringify(draft) !== JSON.stringify(first);

  const save = useMutation({
    mutationFn: () => {
      const body = {
        name: draft.name.trim(),
        description: draft.description.trim() || null,
        definition: settledDefinition(draft),
      };
      if (!trait) return must(api.POST("/api/v1/traits", { body }));
      const params = { path: { trait_id: trait.id }, header: { "if-match": String(trait.version) } };
      return must(api.PUT("/api/v1/traits/{trait_id}", { params, body }));
    },
    onSuccess: (saved) => {
      void message.success(t("traits.saved"));
      client.setQueryData(["traits", "one", saved.id], saved);
      void client.invalidateQueries({ queryKey: ["traits", "list"] });
      void client.invalidateQueries({ queryKey: ["segments", "vocabulary"] });
      void client.invalidateQueries({ queryKey: ["customers", "columns"] });
      navigate(`/traits/${saved.id}`, { replace: true });
    },
  });
  const remove = async () => {
    if (!trait) return;
    await must(api.DELETE("/api/v1/traits/{trait_id}", { params: { path: { trait_id: trait.id } } }));
    void message.success(t("traits.deleted", { name: trait.name }));
    void client.invalidateQueries({ queryKey: ["traits", "list"] });
    navigate("/traits");
  };
  const ready = dirty && draft.name.trim() !== "" && trial.faults.length === 0 && !trial.stale && !save.isPending;
  const actions = !readOnly && (
    <>
      {trait && (
        <Button danger title={t("traits.delete_hint")} onClick={() => void remove().catch(fail)}>
          {t("ui.delete")}
        </Button>
      )}
      <Button type="primary" disabled={!ready} loading={save.isPending} onClick={() => save.mutate()}>
        {t("ui.save")}
      </Button>
    </>
  );
  return (
    <Page title={trait?.name ?? t("traits.new")} sub={<Link to="/traits">← {t("traits.back")}</Link>} actions={actions}>
      {save.error && (
        <ProblemView compact error={save.error} retry={isProblem(save.error, 409) ? onReload : undefined} />
      )}
      <div className="grid">
        <div className="w8 stack start">
          <Panel title={t("traits.definition")}>
            <div className="stack">
              <Field label={t("traits.name")}>
                <Input
                  value={draft.name}
                  maxLength={80}
                  disabled={readOnly}
                  placeholder={t("traits.name_hint")}
                  onChange={(e) => setDraft({ ...draft, name: e.target.value })}
                />
              </Field>
              <Field label={t("traits.description")}>
                <Input
                  value={draft.description}
                  maxLength={300}
                  disabled={readOnly}
                  onChange={(e) => setDraft({ ...draft, description: e.target.value })}
                />
              </Field>
              <Parts draft={draft} onChange={setDraft} disabled={readOnly} type={trial.data?.type ?? null} />
              {trial.faults.length > 0 && (
                <ul className="rule-fault" aria-label={t("traits.faults")}>
                  {trial.faults.map((fault) => (
                    <li key={fault.field + fault.message}>
                      <code>{fault.field}</code> {fault.message}
                    </li>
                  ))}
                </ul>
              )}
            </div>
          </Panel>
          {trait && <UsersPanel trait={trait} />}
          {trait && (
            <VersionsPanel
              trait={trait}
              readOnly={readOnly}
              onRestore={(definition) =>
                setDraft({ ...draftOf({ ...trait, definition }), name: draft.name, description: draft.description })
              }
            />
          )}
        </div>
        <div className="w4 stack start">
          <TrialPanel trial={trial} trait={trait} />
        </div>
      </div>
    </Page>
  );
}

type PartsProps = {
  draft: Draft;
  onChange: (draft: Draft) => void;
  disabled: boolean;
  type: NonNullable<Trait["type"]> | null;
};

/** The parts, one after the other as they are tried, and what somebody without a value has. */
function Parts({ draft, onChange, disabled, type }: PartsProps) {
  const { t } = useTranslation();
  const vocabulary = useVocabulary();
  const words = vocabulary.data;
  const context = useMemo(
    () =>
      words && { vocabulary: words, segments: [], faults: [], disabled, put: () => undefined, edit: () => undefined },
    [words, disabled],
  );
  const put = (index: number, part: Part) =>
    onChange({ ...draft, parts: draft.parts.map((old, i) => (i === index ? part : old)) });
  return (
    <QueryView query={vocabulary}>
      {() =>
        context && (
          <RuleContext.Provider value={context}>
            {draft.parts.map((part, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other identity
              <div key={index} className="stack trait-part">
                {index > 0 && (
                  <span className="row">
                    <strong>{t("traits.part_else")}</strong>
                    {!disabled && (
                      <Button
                        size="small"
                        type="link"
                        onClick={() => onChange({ ...draft, parts: draft.parts.filter((_, i) => i !== index) })}
                      >
                        {t("traits.part_remove")}
                      </Button>
                    )}
                  </span>
                )}
                <PartForm part={part} onChange={(next) => put(index, next)} />
              </div>
            ))}
            <div className="row">
              <DefaultInput
                type={type}
                value={draft.fallback}
                onChange={(fallback) => onChange({ ...draft, fallback })}
              />
              {!disabled && draft.parts.length < 10 && (
                <Button
                  size="small"
                  type="link"
                  onClick={() =>
                    onChange({ ...draft, parts: [...draft.parts, { of: "attribute", measure: "last", name: "" }] })
                  }
                >
                  + {t("traits.part_add")}
                </Button>
              )}
            </div>
          </RuleContext.Provider>
        )
      }
    </QueryView>
  );
}
