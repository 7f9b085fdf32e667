import { Segmented } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { CsvButton } from "./CsvButton";
import { Panel } from "./Panel";

type Props = {
  title: string;
  hint?: ReactNode;
  extra?: ReactNode;
  csv?: string;
  className?: string;
  chart: ReactNode;
  table: ReactNode;
  note?: ReactNode;
};

/** A chart that can also be read as a table. */
export function ChartPanel({ title, hint, extra, csv, className, chart, table, note }: Props) {
  const { t } = useTranslation();
  const [as, setAs] = useState<"chart" | "table">("chart");
  const options = [
    { value: "chart" as const, label: t("ui.as_chart") },
    { value: "table" as const, label: t("ui.as_table") },
  ];
  const tools = (
    <>
      {extra}
      {csv && <CsvButton href={csv} />}
      <Segmented size="small" options={options} value={as} onChange={setAs} aria-label={t("ui.show_as", { title })} />
    </>
  );
  return (
    <Panel title={title} hint={hint} extra={tools} className={className}>
      {note && <p className="muted small panel-note">{note}</p>}
      {as === "chart" ? chart : <div className="chart-table">{table}</div>}
    </Panel>
  );
}
