// Sets language and theme before the first paint, so neither flashes.
(() => {
  const root = document.documentElement;
  let theme = null;
  let language = null;
  try {
    theme = localStorage.getItem("siyu.theme");
    language = localStorage.getItem("siyu.language");
  } catch {
    // Storage may be blocked; the defaults below are fine.
  }
  const dark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "dark" : "light";
  root.lang = language === "en" ? "en" : "zh-CN";
})();
