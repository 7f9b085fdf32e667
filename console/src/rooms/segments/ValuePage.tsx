import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { ValueReport } from "@/api/types";
import { Empty } from "@/ui/Empty";
import { Figure } from "@/ui/Figure";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { ReportPage, useAsOf } from "@/ui/ReportPage";
import { useFormat } from "@/ui/useFormat";
import { BackTestPanel } from "./BackTestPanel";
import { ModelPanel } from "./ModelPanel";
import { NoOrders } from "./NoOrders";
import { useValue } from "./queries";
import { ValueCharts } from "./ValueCharts";

export function ValuePage() {
  const { t } = useTranslation();
  const [asOf] = useAsOf();
  const query = useValue(asOf);
  return (
    <ReportPage
      title={t("shell.page_value")}
      sub={t("segments.value_sub")}
      asOfOn={query.data?.as_of_on}
      path="/segments/value"
    >
      <QueryView query={query} lines={8} height={480}>
        {(report) => <Body report={report} />}
      </QueryView>
    </ReportPage>
  );
}

function Body({ report }: { report: ValueReport }) {
  const { t } = useTranslation();
  const f = useFormat();
  if (report.no_orders) {
    return <NoOrders said={report.no_orders} />;
  }
  if (!report.eligible) {
    return (
      <Panel>
        <Empty
          title={t("segments.not_eligible")}
          hint={t("segments.not_eligible_hint")}
          action={<Link to="/imports">{t("shell.page_imports")}</Link>}
        />
        <ul className="reasons">
          {report.ineligible_reasons.map((reason) => (
            <li key={reason.en}>{f.label(reason)}</li>
          ))}
        </ul>
      </Panel>
    );
  }
  return (
    <div className="stack">
      {report.flags.map((flag) => (
        <p key={flag.code} className="notice">
          {f.label(flag.message)} <code className="muted">{flag.code}</code>
        </p>
      ))}
      <div className="figures">
        <Figure
          label={t("segments.predicted_value", { n: report.horizon_days })}
          hint={t("segments.predicted_value_hint")}
          value={f.moneyShort(report.predicted_value_fen)}
          note={t("customers.interval", { low: f.moneyShort(report.low_fen), high: f.moneyShort(report.high_fen) })}
        />
        <Figure
          label={t("segments.predicted_orders")}
          value={f.short(report.predicted_orders)}
          note={t("segments.of_customers", { n: f.count(report.customer_count) })}
        />
        <Figure
          label={t("segments.top_share")}
          hint={t("segments.top_share_hint")}
          value={f.rate(report.top_share_rate)}
        />
        {report.back_test && (
          <Figure
            label={t("segments.error")}
            hint={t("segments.error_hint", { n: report.back_test.holdout_days })}
            value={f.change(report.back_test.error_rate)}
            note={t("segments.error_note", {
              predicted: f.short(report.back_test.predicted_orders),
              actual: f.short(report.back_test.actual_orders),
            })}
          />
        )}
      </div>
      <ValueCharts report={report} />
      {report.back_test ? (
        <BackTestPanel test={report.back_test} />
      ) : (
        <p className="notice">{t("segments.no_back_test")}</p>
      )}
      <ModelPanel report={report} />
    </div>
  );
}
