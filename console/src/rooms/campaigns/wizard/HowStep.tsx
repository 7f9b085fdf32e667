import { ArrowDownOutlined, ArrowUpOutlined, CloseOutlined } from "@ant-design/icons";
import { Button, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { CampaignPlan } from "@/api/types";
import { ProductMark } from "@/rooms/carriers/ProductMark";
import { useAccounts } from "@/rooms/carriers/queries";
import { STATUS_TONE } from "@/rooms/carriers/words";
import { Chip } from "@/ui/Chip";
import { Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { CARRIERS } from "../words";
import { Quotas } from "./Quotas";
import type { StepProps } from "./step";

/** Carriers in order of preference, the accounts behind them, and how fast. */
export function HowStep({ campaign, draft, change, faultOf, locked }: StepProps) {
  const { t } = useTranslation();
  const { plan } = draft;
  const accounts = useAccounts();
  const set = (part: Partial<CampaignPlan>) => change({ plan: { ...plan, ...part } });
  const rest = CARRIERS.filter((one) => !plan.carriers.includes(one));
  const swap = (place: number, by: 1 | -1) => {
    const next = [...plan.carriers];
    [next[place], next[place + by]] = [next[place + by] as string, next[place] as string];
    set({ carriers: next });
  };
  return (
    <div className="stack">
      <Panel title={t("campaigns.carriers")} hint={t("campaigns.carriers_hint")}>
        <div className="stack">
          <QueryView query={accounts} lines={3}>
            {(data) => (
              <ol className="order-list" aria-label={t("campaigns.carriers")}>
                {plan.carriers.map((carrier, place) => {
                  const mine = data.items.filter((one) => one.product === carrier);
                  const name = t(`campaigns.carrier_${carrier}`);
                  return (
                    <li key={carrier}>
                      <span className="num muted">{place + 1}</span>
                      <ProductMark product={carrier} />
                      <span className="grow">
                        <strong>{name}</strong>
                        <span className="row tight small">
                          {mine.length === 0 && <Link to="/accounts/new">{t("campaigns.no_account")}</Link>}
                          {mine.map((one) => (
                            <Chip key={one.id} tone={STATUS_TONE[one.status] ?? "plain"}>
                              {one.name} · {t(`carriers.status_${one.status}`)}
                            </Chip>
                          ))}
                        </span>
                      </span>
                      {!locked && (
                        <span className="row tight">
                          <Button
                            size="small"
                            icon={<ArrowUpOutlined />}
                            disabled={place === 0}
                            onClick={() => swap(place, -1)}
                            aria-label={t("campaigns.move_up", { name })}
                          />
                          <Button
                            size="small"
                            icon={<ArrowDownOutlined />}
                            disabled={place === plan.carriers.length - 1}
                            onClick={() => swap(place, 1)}
                            aria-label={t("campaigns.move_down", { name })}
                          />
                          <Button
                            size="small"
                            icon={<CloseOutlined />}
                            onClick={() => set({ carriers: plan.carriers.filter((one) => one !== carrier) })}
                            aria-label={t("campaigns.take_out", { name })}
                          />
                        </span>
                      )}
                    </li>
                  );
                })}
              </ol>
            )}
          </QueryView>
          {faultOf("carriers") && <p className="field-error">{faultOf("carriers")}</p>}
          {rest.length > 0 && !locked && (
            <div className="row">
              <span className="muted small">{t("campaigns.add_carrier")}</span>
              {rest.map((carrier) => (
                <Button key={carrier} size="small" onClick={() => set({ carriers: [...plan.carriers, carrier] })}>
                  {t(`campaigns.carrier_${carrier}`)}
                </Button>
              ))}
            </div>
          )}
        </div>
      </Panel>
      <Panel title={t("campaigns.pace")}>
        <div className="two">
          <Field label={t("campaigns.accounts")} help={t("campaigns.accounts_help")}>
            <Select
              mode="multiple"
              aria-label={t("campaigns.accounts")}
              placeholder={t("campaigns.accounts_all")}
              value={plan.accounts ?? []}
              onChange={(ids: number[]) => set({ accounts: ids.length ? ids : null })}
              options={(accounts.data?.items ?? [])
                .filter((one) => plan.carriers.includes(one.product))
                .map((one) => ({ value: one.id, label: one.name }))}
              optionFilterProp="label"
              disabled={locked}
            />
          </Field>
          <Field label={t("campaigns.per_minute")} help={t("campaigns.per_minute_help")} error={faultOf("per_minute")}>
            <InputNumber
              aria-label={t("campaigns.per_minute")}
              placeholder={t("campaigns.as_fast")}
              min={1}
              max={1_000_000}
              value={plan.per_minute}
              onChange={(per_minute) => set({ per_minute })}
              disabled={locked}
              style={{ width: "100%" }}
            />
          </Field>
        </div>
      </Panel>
      <Quotas campaign={campaign} carriers={plan.carriers} accounts={plan.accounts ?? null} />
    </div>
  );
}
