import { MenuOutlined, MoonOutlined, SearchOutlined, SunOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { setLanguage } from "@/locales";
import { JobIndicator } from "@/rooms/jobs/JobIndicator";
import { MemberMenu } from "./MemberMenu";
import { useMay } from "./session";
import { setTheme, useTheme } from "./theme";

type Props = { menuOpen: boolean; onMenu: () => void; onSearch: () => void };

export function Header({ menuOpen, onMenu, onSearch }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const apple = navigator.platform.startsWith("Mac");
  return (
    <header className="header">
      <button
        type="button"
        className="icon-button only-narrow"
        aria-expanded={menuOpen}
        aria-controls="aside"
        aria-label={t("shell.menu")}
        onClick={onMenu}
      >
        <MenuOutlined />
      </button>
      <button type="button" className="search-button" onClick={onSearch}>
        <SearchOutlined aria-hidden="true" />
        <span>{t("shell.search")}</span>
        <kbd>{apple ? "⌘K" : "Ctrl K"}</kbd>
      </button>
      <div className="header-end">
        {may("jobs.read") && <JobIndicator />}
        <LookSwitches />
        <MemberMenu />
      </div>
    </header>
  );
}

/** Language and light/dark, also on the log-in page. */
export function LookSwitches() {
  const { t, i18n } = useTranslation();
  const theme = useTheme();
  const other = i18n.language === "en" ? "zh-CN" : "en";
  return (
    <>
      <button
        type="button"
        className="icon-button text"
        lang={other}
        onClick={() => void setLanguage(other)}
        aria-label={other === "en" ? "EN · English" : "中 · 中文"}
      >
        {other === "en" ? "EN" : "中"}
      </button>
      <button
        type="button"
        className="icon-button"
        onClick={() => setTheme(theme === "dark" ? "light" : "dark")}
        aria-label={t(theme === "dark" ? "shell.to_light" : "shell.to_dark")}
        title={t(theme === "dark" ? "shell.to_light" : "shell.to_dark")}
      >
        {theme === "dark" ? <SunOutlined /> : <MoonOutlined />}
      </button>
    </>
  );
}
