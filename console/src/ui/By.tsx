import { useTranslation } from "react-i18next";

/** Who did it: a member's name, or the part of the product that acted. */
export function By({ who }: { who: string | null | undefined }) {
  const { t } = useTranslation();
  return <span className="muted">{who ? t(`ui.by_${who}`, { defaultValue: who }) : "–"}</span>;
}
