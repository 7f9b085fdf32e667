import { createRoot } from "react-dom/client";
import "@/styles/tokens.css";
import "@/styles/base.css";
import "@/styles/shell.css";
import "@/styles/page.css";
import "@/styles/states.css";
import "@/styles/table.css";
import "@/styles/controls.css";
import "@/styles/team.css";
import "@/styles/measurement.css";
import "@/styles/customers.css";
import "@/styles/orders.css";
import "@/styles/segments.css";
import "@/styles/reports.css";
import "@/styles/narrow.css";
import { startLanguage } from "@/locales";
import { App } from "@/shell/App";

startLanguage().then(() => createRoot(document.getElementById("root") as HTMLElement).render(<App />));
