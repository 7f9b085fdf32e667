import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { AsOf } from "./AsOf";
import { CsvButton } from "./CsvButton";
import { reportCsv } from "./download";
import { Page } from "./Page";
import { useQueryState } from "./useQueryState";

type Props = {
  title: string;
  sub?: ReactNode;
  asOfOn?: string;
  path: string;
  extra?: ReactNode;
  csvQuery?: Record<string, string>;
  children: ReactNode;
};

/** A report: looked at as of a day, and to be had as a file. */
export function ReportPage({ title, sub, asOfOn, path, extra, csvQuery, children }: Props) {
  const { t } = useTranslation();
  const [asOf, setAsOf] = useAsOf();
  return (
    <Page
      title={title}
      sub={
        <>
          {sub}
          {asOfOn && ` · ${t("ui.as_of", { on: asOfOn })}`}
        </>
      }
      actions={
        <>
          {extra}
          <AsOf value={asOf} shown={asOfOn} onChange={setAsOf} />
          <CsvButton href={reportCsv(path, { ...csvQuery, as_of: asOf })} />
        </>
      }
    >
      {children}
    </Page>
  );
}

export function useAsOf(): [string | null, (on: string | null) => void] {
  const [params, change] = useQueryState();
  return [params.get("as_of"), (on) => change({ as_of: on })];
}
