import { useTranslation } from "react-i18next";
import { useFormat } from "@/ui/useFormat";

/** What became of messages, in the order in which it happens. */
const PARTS = [
  ["received", ["received"]],
  ["sent", ["sent"]],
  ["attempting", ["attempting"]],
  ["unknown", ["unknown"]],
  ["refused", ["refused", "failed"]],
  ["planned", ["planned"]],
] as const;

export type Counts = Record<string, number>;

export const sum = (counts: Counts, names: readonly string[]): number =>
  names.reduce((all, name) => all + (counts[name] ?? 0), 0);

export const allOf = (counts: Counts): number => PARTS.reduce((all, [, names]) => all + sum(counts, names), 0);
export const doneOf = (counts: Counts): number => sum(counts, ["received", "sent", "unknown", "refused", "failed"]);

type Props = {
  counts: Counts;
  label: string;
  /** Said where there is no message, and there will be none. */
  none?: string;
};

/** One bar of what became of messages; the same figures stand beside it in words. */
export function StackBar({ counts, label, none }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const all = allOf(counts);
  const parts = PARTS.map(([name, names]) => ({ name, count: sum(counts, names) })).filter((one) => one.count > 0);
  const said = parts.map((one) => `${t(`campaigns.message_${one.name}`)} ${f.count(one.count)}`).join(" · ");
  const nothing = none ?? t("campaigns.nothing_yet");
  return (
    <>
      <div
        className="stack-bar"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={all}
        aria-valuenow={doneOf(counts)}
        aria-valuetext={said || nothing}
      >
        {parts.map((one) => (
          <i key={one.name} className={one.name} style={{ width: `${(one.count / all) * 100}%` }} />
        ))}
      </div>
      <p className="keys-of-bar num">
        {parts.length === 0 && <span className="planned">{nothing}</span>}
        {parts.map((one) => (
          <span key={one.name} className={one.name}>
            {t(`campaigns.message_${one.name}`)} {f.count(one.count)}
          </span>
        ))}
      </p>
    </>
  );
}
