import { App, Button, DatePicker, Input, Select } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useBlocker, useNavigate } from "react-router";
import { useMay } from "@/shell/session";
import { Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { useDebounced } from "@/ui/useDebounced";
import { useFail } from "@/ui/useFail";
import { FitsList } from "./FitsList";
import { KindFields } from "./KindFields";
import { PreviewPanel } from "./PreviewPanel";
import {
  type Fits,
  type Piece,
  type PieceDraft,
  useCheck,
  useLimits,
  usePieceStep,
  useSavePiece,
  useShelves,
  useVariables,
} from "./queries";
import type { Body, Carrier, Kind } from "./types";
import { CARRIERS, CARRIES, PURPOSES } from "./words";

type Draft = Omit<PieceDraft, "body" | "purpose"> & { body: Body; purpose?: PieceDraft["purpose"] };

const draftOf = (kind: Kind, piece: Piece | null): Draft =>
  piece
    ? {
        name: piece.name,
        kind,
        purpose: piece.purpose,
        body: piece.newest.body as Body,
        folder: piece.folder,
        labels: piece.labels,
        owner: piece.owner,
        valid_from: piece.valid_from,
        valid_until: piece.valid_until,
      }
    : { name: "", kind, body: {}, folder: "", labels: [], owner: "", valid_from: null, valid_until: null };

/** Writes a piece beside the phones that will show it. What it is for must be said: it decides consent and what it uses up. */
export function Writer({ kind, piece }: { kind: Kind; piece: Piece | null }) {
  const [written, setWritten] = useState<{ edit: number | null; draft: Draft }>(() => ({
    edit: piece?.edit ?? null,
    draft: draftOf(kind, piece),
  }));
  const kept = draftOf(kind, piece);
  const changed = JSON.stringify(written.draft) !== JSON.stringify(kept);
  const draft = written.edit === (piece?.edit ?? null) || changed ? written.draft : kept;
  const set = (what: Partial<Draft>) => setWritten({ edit: written.edit, draft: { ...draft, ...what } });
  return (
    <WriterForm
      piece={piece}
      draft={draft}
      changed={changed}
      set={set}
      saved={(now) => setWritten({ edit: now.edit, draft: draftOf(kind, now) })}
      edit={written.edit}
    />
  );
}

type FormProps = {
  piece: Piece | null;
  draft: Draft;
  changed: boolean;
  edit: number | null;
  set: (what: Partial<Draft>) => void;
  saved: (piece: Piece) => void;
};

function WriterForm({ piece, draft, changed, edit, set, saved }: FormProps) {
  const { t } = useTranslation();
  const may = useMay();
  const { message, modal } = App.useApp();
  const navigate = useNavigate();
  const fail = useFail();
  const save = useSavePiece(piece?.id ?? null);
  const [leaving, setLeaving] = useState(false);
  useBlocker(({ currentLocation, nextLocation }) => {
    if (!changed || leaving || currentLocation.pathname === nextLocation.pathname) return false;
    modal.confirm({
      title: t("content.leave_title"),
      content: t("content.leave_hint"),
      okText: t("content.leave"),
      okButtonProps: { danger: true },
      cancelText: t("content.stay"),
      onOk: () => {
        setLeaving(true);
        setTimeout(() => void navigate(nextLocation.pathname + nextLocation.search));
      },
    });
    return true;
  });
  const keep = async () => {
    const { purpose } = draft;
    if (!purpose) return;
    const body = draft.body as Record<string, unknown>;
    const now = await save.mutateAsync({ draft: { ...draft, purpose, body }, edit: edit ?? undefined });
    saved(now);
    void message.success(t("content.saved_version", { n: now.version }));
    if (!piece) {
      setLeaving(true);
      setTimeout(() => void navigate(`/content/${now.id}`, { replace: true }));
    }
  };
  const writes = may("content.write") && !piece?.trashed_at;
  const settled = useDebounced(draft.body, 250);
  const check = useCheck(draft.kind, settled);
  const able = CARRIERS.filter((one) => CARRIES[one].includes(draft.kind));
  const fits: Fits = Object.fromEntries((check.data?.fits ?? []).map((one) => [one.carrier, one.faults]));
  return (
    <div className="piece-writer">
      <fieldset className="stack plain-fieldset" disabled={!writes}>
        <Panel>
          <div className="form">
            {save.error && <ProblemView error={save.error} compact />}
            <About draft={draft} set={set} />
            <Words draft={draft} set={set} fits={fits} shown={able} faults={check.data?.faults ?? []} />
            {check.error && <ProblemView error={check.error} compact />}
            <FitsList fits={check.data?.fits ?? []} kind={draft.kind} />
            {writes && (
              <div className="row">
                <Button
                  type="primary"
                  loading={save.isPending}
                  disabled={!draft.name.trim() || !draft.purpose || (piece !== null && !changed)}
                  onClick={() => void keep().catch(fail)}
                >
                  {t(piece ? "content.save" : "content.save_first")}
                </Button>
                {piece && !changed && <AskReview piece={piece} />}
                {changed && <span className="muted small">{t(saysNext(piece))}</span>}
              </div>
            )}
          </div>
        </Panel>
      </fieldset>
      <PreviewPanel kind={draft.kind} body={settled} carriers={able} />
    </div>
  );
}

/** What saving will do: a version that somebody looked at is never written over. */
const saysNext = (piece: Piece | null) =>
  !piece ? "content.unsaved" : piece.newest.status === "draft" ? "content.unsaved_draft" : "content.unsaved_version";

function AskReview({ piece }: { piece: Piece }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const fail = useFail();
  const step = usePieceStep(piece);
  if (!["draft", "rejected"].includes(piece.newest.status) || piece.status === "retired") return null;
  return (
    <Button
      loading={step.isPending}
      onClick={() =>
        step.mutate({ step: "ask" }, { onError: fail, onSuccess: () => void message.success(t("content.asked")) })
      }
    >
      {t("content.ask_review")}
    </Button>
  );
}

type PartProps = { draft: Draft; set: (what: Partial<Draft>) => void };

function About({ draft, set }: PartProps) {
  const { t } = useTranslation();
  const shelves = useShelves();
  const names = (items: { name: string }[] | undefined) =>
    (items ?? []).filter((one) => one.name).map(({ name }) => ({ value: name, label: name }));
  const range: [Dayjs | null, Dayjs | null] = [
    draft.valid_from ? dayjs(draft.valid_from) : null,
    draft.valid_until ? dayjs(draft.valid_until) : null,
  ];
  return (
    <>
      <div className="piece-about">
        <Field label={t("content.name")} help={t("content.name_help")}>
          <Input value={draft.name} maxLength={80} onChange={(e) => set({ name: e.target.value })} />
        </Field>
        <Field label={t("content.filter_purpose")} help={t(`content.purpose_${draft.purpose ?? "none"}_hint`)}>
          <Select
            value={draft.purpose}
            aria-label={t("content.filter_purpose")}
            placeholder={t("content.choose_purpose")}
            onChange={(purpose) => set({ purpose })}
            options={PURPOSES.map((value) => ({ value, label: t(`content.purpose_${value}`) }))}
          />
        </Field>
      </div>
      <details className="piece-more">
        <summary>{t("content.more_about")}</summary>
        <div className="piece-about">
          <Field label={t("content.filter_folder")} help={t("content.folder_help")}>
            <Input value={draft.folder} maxLength={120} onChange={(e) => set({ folder: e.target.value })} />
          </Field>
          <Field label={t("content.labels")}>
            <Select
              mode="tags"
              value={draft.labels}
              maxCount={20}
              aria-label={t("content.labels")}
              onChange={(labels) => set({ labels })}
              options={names(shelves.data?.labels)}
            />
          </Field>
          <Field label={t("content.owner")}>
            <Input
              value={draft.owner}
              maxLength={80}
              placeholder={t("content.owner_me")}
              onChange={(e) => set({ owner: e.target.value })}
            />
          </Field>
          <div className="field">
            <span className="field-label">{t("content.validity")}</span>
            <DatePicker.RangePicker
              showTime={{ format: "HH:mm" }}
              format="YYYY-MM-DD HH:mm"
              allowEmpty
              aria-label={t("content.validity")}
              value={range}
              onChange={(next) =>
                set({ valid_from: next?.[0]?.toISOString() ?? null, valid_until: next?.[1]?.toISOString() ?? null })
              }
            />
            <span className="muted small">{t("content.validity_help")}</span>
          </div>
        </div>
      </details>
    </>
  );
}

type WordsProps = PartProps & {
  fits: Fits;
  shown: Carrier[];
  faults: { field: string; message: { zh: string; en: string } }[];
};

function Words({ draft, set, fits, shown, faults }: WordsProps) {
  const variables = useVariables();
  const limits = useLimits();
  const own = Object.fromEntries(Object.entries(fits).filter(([carrier]) => shown.includes(carrier as Carrier)));
  return (
    <KindFields
      kind={draft.kind}
      body={draft.body}
      onChange={(body) => set({ body })}
      variables={variables.data ?? []}
      limits={(limits.data ?? []).filter((one) => shown.includes(one.carrier) && one.kinds.includes(draft.kind))}
      fits={own}
      faults={faults}
    />
  );
}
