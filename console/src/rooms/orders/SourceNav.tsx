import { useTranslation } from "react-i18next";
import { NavLink } from "react-router";

const PAGES = [
  ["/imports", "files"],
  ["/imports/shops", "shops"],
  ["/imports/places", "places"],
] as const;

/** The three ways by which orders come in. */
export function SourceNav() {
  const { t } = useTranslation();
  return (
    <nav className="source-nav" aria-label={t("orders.ways")}>
      {PAGES.map(([to, key]) => (
        <NavLink key={to} to={to} end>
          {t(`orders.way_${key}`)}
        </NavLink>
      ))}
    </nav>
  );
}
