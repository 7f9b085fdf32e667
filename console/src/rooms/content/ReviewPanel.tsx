import { App, Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "@/shell/session";
import { By } from "@/ui/By";
import { Chip, type Tone } from "@/ui/Chip";
import { Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { FitsList } from "./FitsList";
import { PreviewPanel } from "./PreviewPanel";
import { type Piece, type Step, usePieceStep } from "./queries";
import type { Body } from "./types";
import { CARRIERS, CARRIES } from "./words";

const TONES: Record<string, Tone> = { approved: "pine", rejected: "cinnabar", asked: "indigo" };

/** What was said of the piece, and the steps that stand open now; nobody approves what they wrote where somebody else may. */
export function ReviewPanel({ piece }: { piece: Piece }) {
  const { t } = useTranslation();
  const able = CARRIERS.filter((one) => CARRIES[one].includes(piece.kind));
  return (
    <div className="piece-writer">
      <div className="stack">
        <Panel title={t("content.review_of", { n: piece.version })} hint={t("content.review_hint")}>
          <div className="form">
            <Remarks piece={piece} />
            <Steps piece={piece} />
            <FitsList fits={piece.newest.fits} kind={piece.kind} />
          </div>
        </Panel>
      </div>
      <PreviewPanel kind={piece.kind} body={piece.newest.body as Body} carriers={able} />
    </div>
  );
}

function Remarks({ piece }: { piece: Piece }) {
  const { t } = useTranslation();
  const f = useFormat();
  if (piece.remarks.length === 0) return <p className="muted">{t("content.no_remarks")}</p>;
  return (
    <ol className="remarks">
      {piece.remarks.map((one) => (
        <li key={one.id}>
          <p className="small">
            <Chip tone={TONES[one.kind]}>{t(`content.remark_${one.kind}`)}</Chip> <By who={one.by} />{" "}
            <span className="muted">
              {f.time(one.at)} · {t("content.version_n", { n: one.version })}
            </span>
          </p>
          {one.said && <p className="remark-words">{one.said}</p>}
        </li>
      ))}
    </ol>
  );
}

function Steps({ piece }: { piece: Piece }) {
  const { t } = useTranslation();
  const may = useMay();
  const fail = useFail();
  const { message } = App.useApp();
  const step = usePieceStep(piece);
  const [said, setSaid] = useState("");
  if (!may("content.write") || piece.trashed_at) return null;
  const go = (what: Step) =>
    step.mutate(
      { step: what, said: said.trim() },
      {
        onError: fail,
        onSuccess: () => {
          setSaid("");
          void message.success(t(`content.done_${what}`));
        },
      },
    );
  const { status } = piece.newest;
  const button = (what: Step, needs = false, props: Record<string, unknown> = {}) => (
    <Button loading={step.isPending} disabled={needs && !said.trim()} onClick={() => go(what)} {...props}>
      {t(`content.step_${what}`)}
    </Button>
  );
  const open = piece.status !== "retired";
  return (
    <>
      <Field label={t("content.say")} help={status === "in_review" ? t("content.say_help") : undefined}>
        <Input.TextArea
          value={said}
          maxLength={1000}
          autoSize={{ minRows: 2 }}
          onChange={(e) => setSaid(e.target.value)}
        />
      </Field>
      <div className="row">
        {piece.may_approve && (
          <>
            {button("approve", false, { type: "primary" })}
            {button("reject", true, { danger: true })}
          </>
        )}
        {open && (status === "draft" || status === "rejected") && button("ask", false, { type: "primary" })}
        {open && status === "in_review" && button("take_back")}
        {button("remarks", true)}
      </div>
      {status === "in_review" && !piece.may_approve && <p className="muted small">{t("content.others_approve")}</p>}
    </>
  );
}
