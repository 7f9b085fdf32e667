import { lazy, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Outlet, useLocation, useNavigation } from "react-router";
import { Loading } from "@/ui/Loading";
import { Header } from "./Header";
import { Menu } from "./Menu";
import { SampleBanner } from "./SampleBanner";
import { useHotkey } from "./useHotkey";
import { useReturnFocus } from "./useReturnFocus";

const CommandPalette = lazy(() => import("./CommandPalette"));

export function Shell() {
  const { t } = useTranslation();
  const [menuOpen, setMenuOpen] = useState(false);
  const [paletteOpen, setPaletteOpen] = useState(false);
  const going = useNavigation().state === "loading";
  const { pathname } = useLocation();
  useReturnFocus();
  useHotkey("k", () => setPaletteOpen((open) => !open));
  // In braces: newer browsers answer scrollTo with a promise, and React would take it for a clean-up.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page starts at its top
  useEffect(() => {
    window.scrollTo(0, 0);
  }, [pathname]);
  useEffect(() => {
    if (!menuOpen) return;
    const close = (event: KeyboardEvent) => event.key === "Escape" && setMenuOpen(false);
    window.addEventListener("keydown", close);
    return () => window.removeEventListener("keydown", close);
  }, [menuOpen]);
  return (
    <div className={menuOpen ? "shell menu-open" : "shell"}>
      <a className="skip" href="#main">
        {t("shell.skip")}
      </a>
      <aside className="aside" id="aside">
        <Menu onGo={() => setMenuOpen(false)} />
      </aside>
      <button
        type="button"
        className="veil"
        aria-label={t("shell.close_menu")}
        onClick={() => setMenuOpen(false)}
        tabIndex={menuOpen ? 0 : -1}
      />
      <div className="body">
        {going && <div className="going" role="progressbar" aria-label={t("shell.loading")} />}
        <Header menuOpen={menuOpen} onMenu={() => setMenuOpen(!menuOpen)} onSearch={() => setPaletteOpen(true)} />
        <main id="main" className="main" tabIndex={-1}>
          <SampleBanner />
          <Suspense fallback={<Loading />}>
            <Outlet />
          </Suspense>
        </main>
      </div>
      {paletteOpen && (
        <Suspense>
          <CommandPalette onClose={() => setPaletteOpen(false)} />
        </Suspense>
      )}
    </div>
  );
}
