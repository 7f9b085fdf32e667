import { ArrowLeftOutlined, RedoOutlined, UndoOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Input, Tooltip } from "antd";
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useBlocker, useNavigate } from "react-router";
import { api, must } from "@/api/client";
import { isProblem } from "@/api/problem";
import type { Rule, Segment } from "@/api/types";
import { useBrand, useMay } from "@/shell/session";
import { useHotkey } from "@/shell/useHotkey";
import { ProblemView } from "@/ui/ProblemView";
import { RuleEditor } from "../rules/RuleEditor";
import { BuilderMenu } from "./BuilderMenu";
import { Insight } from "./Insight";
import { LivePanel } from "./LivePanel";
import { type Draft, draftOf, sameDraft, toSend, useDraft } from "./useDraft";
import { usePreview } from "./usePreview";

const BLANK: Draft = { name: "", description: "", rule: { kind: "all", of: [] } };

/** Full screen: the rule on the left, what it means and whom it reaches on the right. */
export function Builder({ segment, first, onReload }: { segment: Segment | null; first: Draft; onReload: () => void }) {
  const { t } = useTranslation();
  const { message, modal } = App.useApp();
  const brand = useBrand();
  const may = useMay();
  const navigate = useNavigate();
  const client = useQueryClient();
  const { draft, set, undo, redo, canUndo, canRedo } = useDraft(first);
  // What the edits started from. A refetch in the background must neither drop edits nor hide that somebody else saved.
  const [base, setBase] = useState({ draft: segment ? first : BLANK, version: segment?.rule_version });
  const preview = usePreview(draft.rule);
  const readOnly = !may("segments.write");
  const dirty = !sameDraft(draft, base.draft);

  useEffect(() => {
    document.title = `${draft.name || t("segments.new")} · ${brand.name}`;
  }, [draft.name, brand.name, t]);

  const leaving = useLeaveGuard(dirty && !readOnly, (go, stay) =>
    modal.confirm({
      title: t("segments.leave"),
      content: t("segments.leave_hint"),
      okText: t("segments.leave_yes"),
      cancelText: t("segments.leave_no"),
      onOk: go,
      onCancel: stay,
    }),
  );
  const save = useMutation({
    mutationFn: () => {
      const body = toSend(draft);
      if (!segment) return must(api.POST("/api/v1/segments", { body }));
      const params = { path: { segment_id: segment.id }, header: { "if-match": String(base.version) } };
      return must(api.PUT("/api/v1/segments/{segment_id}", { params, body }));
    },
    onSuccess: (saved) => {
      void message.success(t("segments.saved"));
      client.setQueryData(["segments", "one", saved.id], saved);
      void client.invalidateQueries({ queryKey: ["segments", "list"] });
      setBase({ draft: draftOf(saved), version: saved.rule_version });
      if (segment) return;
      leaving.current = true;
      navigate(`/segments/${saved.id}`, { replace: true });
    },
  });
  const canSave =
    !readOnly &&
    dirty &&
    draft.name.trim() !== "" &&
    preview.open === 0 &&
    preview.faults.length === 0 &&
    !save.isPending;
  useHotkey("z", undo, { whenTyping: false });
  useHotkey("z", redo, { shift: true, whenTyping: false });
  useHotkey("y", redo, { whenTyping: false });
  useHotkey("s", () => canSave && save.mutate());

  const setRule = useCallback((rule: Rule, field?: string) => set({ ...draft, rule }, field), [set, draft]);
  return (
    <div className="builder">
      <header className="builder-head">
        <Link to="/segments" className="icon-button" aria-label={t("segments.back")}>
          <ArrowLeftOutlined />
        </Link>
        <h1 className="visually-hidden">
          {segment ? t("segments.edit_title", { name: segment.name }) : t("segments.new")}
        </h1>
        <Input
          className="builder-name"
          variant="borderless"
          aria-label={t("segments.name")}
          placeholder={t("segments.name_hint")}
          value={draft.name}
          disabled={readOnly}
          maxLength={80}
          onChange={(e) => set({ ...draft, name: e.target.value }, "name")}
        />
        <div className="row builder-tools">
          {!readOnly && (
            <>
              <Tooltip title={`${t("ui.undo")} · Ctrl Z`}>
                <Button
                  type="text"
                  icon={<UndoOutlined />}
                  aria-label={t("ui.undo")}
                  disabled={!canUndo}
                  onClick={undo}
                />
              </Tooltip>
              <Tooltip title={`${t("ui.redo")} · Ctrl ⇧ Z`}>
                <Button
                  type="text"
                  icon={<RedoOutlined />}
                  aria-label={t("ui.redo")}
                  disabled={!canRedo}
                  onClick={redo}
                />
              </Tooltip>
            </>
          )}
          {segment && <BuilderMenu segment={segment} onGone={() => (leaving.current = true)} />}
          {!readOnly && (
            <Button type="primary" disabled={!canSave} loading={save.isPending} onClick={() => save.mutate()}>
              {segment ? t("ui.save") : t("segments.create")}
            </Button>
          )}
        </div>
      </header>
      <main className="builder-body">
        <section className="builder-rule" aria-label={t("segments.rule")}>
          {save.error && (
            <ProblemView
              compact
              error={save.error}
              retry={isProblem(save.error, 412) || isProblem(save.error, 409) ? onReload : undefined}
            />
          )}
          <Input.TextArea
            className="builder-about"
            variant="borderless"
            autoSize
            aria-label={t("segments.description")}
            placeholder={t("segments.description_hint")}
            value={draft.description}
            disabled={readOnly}
            maxLength={500}
            onChange={(e) => set({ ...draft, description: e.target.value }, "description")}
          />
          <RuleEditor
            rule={draft.rule}
            onChange={setRule}
            faults={preview.faults}
            ownId={segment?.id}
            disabled={readOnly}
          />
          {!readOnly && <p className="muted small keys">{t("segments.keys")}</p>}
        </section>
        <aside className="builder-side" aria-label={t("segments.result")}>
          <LivePanel preview={preview} rule={draft.rule} />
          <Insight
            segment={segment}
            rule={draft.rule}
            preview={preview}
            onRestore={(rule) => setRule(rule)}
            readOnly={readOnly}
          />
        </aside>
      </main>
    </div>
  );
}

/** Asks before unsaved work is left; `ref.current = true` lets the next move pass. */
function useLeaveGuard(dirty: boolean, ask: (go: () => void, stay: () => void) => void) {
  const pass = useRef(false);
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) => dirty && !pass.current && currentLocation.pathname !== nextLocation.pathname,
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: asks once for each blocked move
  useEffect(() => {
    if (blocker.state === "blocked") ask(blocker.proceed, blocker.reset);
  }, [blocker.state]);
  useEffect(() => {
    if (!dirty) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [dirty]);
  return pass;
}
