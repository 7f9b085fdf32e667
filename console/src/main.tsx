import { createRoot } from "react-dom/client";
import "@/styles/tokens.css";
import "@/styles/base.css";
import "@/styles/shell.css";
import "@/styles/ui.css";
import "@/styles/rooms.css";
import "@/styles/segments.css";
import { startLanguage } from "@/locales";
import { App } from "@/shell/App";

startLanguage().then(() => createRoot(document.getElementById("root") as HTMLElement).render(<App />));
