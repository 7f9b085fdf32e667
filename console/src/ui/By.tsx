import { useTranslation } from "react-i18next";
import { Link } from "react-router";

const MADE = /^(campaign|journey):(\d+)/;

/** Who did it: a member's name, the part of the product that acted, or the campaign or journey that it belongs to. */
export function By({ who }: { who: string | null | undefined }) {
  const { t } = useTranslation();
  const [, kind, n] = (who && MADE.exec(who)) || [];
  if (n)
    return (
      <Link className="in-words" to={`/${kind}s/${n}`}>
        {t(`ui.by_${kind}`, { n })}
      </Link>
    );
  return <span className="muted">{who ? t(`ui.by_${who}`, { defaultValue: who }) : "–"}</span>;
}
