import { useTranslation } from "react-i18next";
import { NavLink } from "react-router";
import { menuFor } from "./entries";
import { Seal } from "./Seal";
import { useBrand, useMay } from "./session";

export function Menu({ onGo }: { onGo?: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const brand = useBrand();
  return (
    <nav className="menu" aria-label={t("shell.menu")}>
      <NavLink to="/" className="menu-brand" onClick={onGo}>
        <Seal />
        <span>
          <strong>{brand.name}</strong>
          <small>{t("shell.tagline")}</small>
        </span>
      </NavLink>
      {menuFor(may).map((group) => (
        <div key={group.key} className="menu-group">
          <p className="menu-title" id={`menu-${group.key}`}>
            {t(`shell.group_${group.key}`)}
          </p>
          <ul aria-labelledby={`menu-${group.key}`}>
            {group.entries.map((entry) => (
              <li key={entry.to}>
                <NavLink to={entry.to} end={entry.to === "/"} className="menu-link" onClick={onGo}>
                  <span aria-hidden="true">{entry.icon}</span>
                  {t(`shell.page_${entry.key}`)}
                </NavLink>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}
