import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import type { Customer } from "@/api/types";
import { OperationsPanel } from "@/rooms/identity/OperationsPanel";
import { LoyaltyPanel } from "@/rooms/loyalty/LoyaltyPanel";
import { ConsentPanel } from "@/rooms/rights/ConsentPanel";
import { AnswersPanel } from "@/rooms/surveys/AnswersPanel";
import { StageChip } from "@/ui/Chip";
import { Figure } from "@/ui/Figure";
import { Page } from "@/ui/Page";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { ProfilePanel } from "./ProfilePanel";
import { QualityPanel } from "./QualityPanel";
import { useCustomer } from "./queries";
import { RelationsPanel } from "./RelationsPanel";
import { SegmentsPanel } from "./SegmentsPanel";
import { StandingPanel } from "./StandingPanel";
import { TagsPanel } from "./TagsPanel";
import { Timeline } from "./Timeline";
import { TraitsPanel } from "./TraitsPanel";

export function CustomerPage() {
  const { t } = useTranslation();
  const id = Number(useParams().id);
  const query = useCustomer(id);
  const name = query.data ? query.data.name || t("customers.nameless", { id }) : `#${id}`;
  const title = (
    <span className="row">
      {name}
      {query.data && <StageChip stage={query.data.stage} />}
    </span>
  );
  return (
    <Page title={title} heading={name} sub={<Link to="/customers">← {t("customers.back")}</Link>}>
      <QueryView query={query} lines={10} height={520}>
        {(customer) => <Body customer={customer} />}
      </QueryView>
    </Page>
  );
}

function Body({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const f = useFormat();
  const average = customer.order_count ? Math.round(customer.spend_fen / customer.order_count) : null;
  return (
    <div className="stack">
      <div className="figures">
        <Figure label={t("customers.spend")} value={f.money(customer.spend_fen)} />
        <Figure
          label={t("customers.orders")}
          value={f.count(customer.order_count)}
          note={average !== null && t("customers.per_order", { money: f.money(average) })}
        />
        <Figure label={t("customers.first_order")} value={f.date(customer.first_order_on)} />
        <Figure
          label={t("customers.last_order")}
          value={f.date(customer.last_order_on)}
          note={
            customer.stage_detail?.gap_days != null &&
            t("customers.gap", { n: f.count(customer.stage_detail.gap_days) })
          }
        />
      </div>
      <div className="grid">
        <div className="w4 stack start">
          <ProfilePanel customer={customer} />
          <RelationsPanel customer={customer} />
          <TagsPanel customer={customer} />
          <LoyaltyPanel id={customer.id} />
          <AnswersPanel id={customer.id} />
          <ConsentPanel id={customer.id} />
          <SegmentsPanel customer={customer} />
          <OperationsPanel customer={customer} />
          <TraitsPanel customer={customer} />
        </div>
        <div className="w8 stack start">
          <StandingPanel customer={customer} />
          <QualityPanel id={customer.id} />
          <Timeline id={customer.id} />
        </div>
      </div>
    </div>
  );
}
