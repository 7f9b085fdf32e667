import { Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { By } from "@/ui/By";
import { Chip } from "@/ui/Chip";
import { Field } from "@/ui/Field";
import { Loading } from "@/ui/Loading";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { useFormat } from "@/ui/useFormat";
import { compared, texts } from "./compare";
import { type Piece, useVersion, type Version } from "./queries";
import { STATUS_TONE } from "./words";

/** Two versions beside each other: what was taken out and what has come in. */
export function VersionsPanel({ piece }: { piece: Piece }) {
  const { t } = useTranslation();
  const [left, setLeft] = useState(piece.approved_version ?? Math.max(1, piece.version - 1));
  const [right, setRight] = useState(piece.version);
  const before = useVersion(piece.id, left);
  const after = useVersion(piece.id, right);
  const options = piece.versions.map((value) => ({
    value,
    label: [t("content.version_n", { n: value }), value === piece.approved_version ? t("content.is_sent") : ""]
      .filter(Boolean)
      .join(" · "),
  }));
  const failed = before.error ?? after.error;
  return (
    <Panel title={t("content.compare")} hint={t("content.compare_hint")}>
      <div className="form">
        <div className="compare-heads">
          <Field label={t("content.compare_left")}>
            <Select value={left} onChange={setLeft} options={options} aria-label={t("content.compare_left")} />
          </Field>
          <Field label={t("content.compare_right")}>
            <Select value={right} onChange={setRight} options={options} aria-label={t("content.compare_right")} />
          </Field>
        </div>
        {failed && <ProblemView error={failed} compact />}
        {before.data && after.data ? (
          <>
            <div className="compare-heads">
              <Signed version={before.data} />
              <Signed version={after.data} />
            </div>
            <Differences before={before.data} after={after.data} />
          </>
        ) : (
          !failed && <Loading />
        )}
      </div>
    </Panel>
  );
}

function Signed({ version }: { version: Version }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <p className="small">
      <Chip tone={STATUS_TONE[version.status]}>{t(`content.version_${version.status}`)}</Chip>{" "}
      <By who={version.created_by} /> <span className="muted">{f.time(version.created_at)}</span>
    </p>
  );
}

function Differences({ before, after }: { before: Version; after: Version }) {
  const { t } = useTranslation();
  const a = texts(before.body);
  const b = texts(after.body);
  const names = [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name));
  if (names.length === 0) return <p className="muted">{t("content.no_difference")}</p>;
  return (
    <dl className="differences">
      {names.map((name) => (
        <div key={name}>
          <dt>{t(`content.field_${name}`)}</dt>
          <dd>
            {compared(a.get(name) ?? "", b.get(name) ?? "").map((part, place) => {
              const key = `${place} ${part.kind}`;
              if (part.kind === "gone") return <del key={key}>{part.text}</del>;
              if (part.kind === "come") return <ins key={key}>{part.text}</ins>;
              return <span key={key}>{part.text}</span>;
            })}
          </dd>
        </div>
      ))}
    </dl>
  );
}
