import { useTranslation } from "react-i18next";

/** Grey lines that keep the height, so that nothing jumps when the data comes. */
export function Loading({ lines = 4, height }: { lines?: number; height?: number }) {
  const { t } = useTranslation();
  return (
    <div className="loading" role="status" style={height ? { minHeight: height } : undefined}>
      <span className="visually-hidden">{t("shell.loading")}</span>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines are all alike
        <i key={line} style={{ width: `${92 - ((line * 17) % 40)}%` }} />
      ))}
    </div>
  );
}
