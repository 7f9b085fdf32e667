import { CloseOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Input, InputNumber, Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { CampaignPlan, ContentCarrier } from "@/api/types";
import { Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { useDebounced } from "@/ui/useDebounced";
import { useFormat } from "@/ui/useFormat";
import { evenShares, letter, withShare } from "../plan";
import { PURPOSES } from "../words";
import { PercentBox } from "./PercentBox";
import { PiecePreview } from "./PiecePreview";
import { usePiece, useUsablePieces } from "./pieces";
import type { StepProps } from "./step";

/** What is said: purpose, worth, and one piece or several variants of it. */
export function WhatStep({ draft, change, faultOf, locked }: StepProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const { plan } = draft;
  const setVariants = (variants: CampaignPlan["variants"]) => change({ plan: { ...plan, variants } });
  const add = () => {
    const shares = evenShares(plan.variants.length + 1);
    const fresh = { name: letter(plan.variants.length), piece_id: 0, share: 0, version: null };
    setVariants([...plan.variants, fresh].map((one, place) => ({ ...one, share: shares[place] as number })));
  };
  const remove = (place: number) => {
    const left = plan.variants.filter((_, at) => at !== place);
    const shares = evenShares(left.length || 1);
    setVariants(left.map((one, at) => ({ ...one, name: letter(at), share: shares[at] as number })));
  };
  const put = (place: number, part: Partial<CampaignPlan["variants"][number]>) =>
    setVariants(plan.variants.map((one, at) => (at === place ? { ...one, ...part } : one)));
  return (
    <div className="stack">
      <Panel title={t("campaigns.step_what")}>
        <div className="form">
          <Field label={t("campaigns.name")} error={draft.name.trim() ? faultOf("name") : t("campaigns.name_needed")}>
            <Input
              value={draft.name}
              maxLength={80}
              onChange={(e) => change({ name: e.target.value })}
              disabled={locked}
            />
          </Field>
          <Field label={t("campaigns.purpose")} help={t(`campaigns.purpose_${draft.purpose}_help`)}>
            <Segmented
              aria-label={t("campaigns.purpose")}
              options={PURPOSES.map((one) => ({ value: one, label: t(`campaigns.purpose_${one}`) }))}
              value={draft.purpose}
              onChange={(purpose) =>
                change({ purpose, plan: { ...plan, variants: plan.variants.map((one) => ({ ...one, piece_id: 0 })) } })
              }
              disabled={locked}
            />
          </Field>
          <div className="two">
            <Field label={t("campaigns.priority")} help={t("campaigns.priority_help")}>
              <InputNumber
                aria-label={t("campaigns.priority")}
                prefix={f.symbol}
                min={0}
                max={1_000_000}
                precision={2}
                value={draft.priority_fen / 100}
                onChange={(yuan) => change({ priority_fen: Math.round((yuan ?? 0) * 100) })}
                disabled={locked}
                style={{ width: "100%" }}
              />
            </Field>
            <Field label={t("campaigns.description")}>
              <Input.TextArea
                value={draft.description}
                maxLength={2000}
                autoSize={{ minRows: 1, maxRows: 4 }}
                placeholder={t("campaigns.description_hint")}
                onChange={(e) => change({ description: e.target.value })}
                disabled={locked}
              />
            </Field>
          </div>
        </div>
      </Panel>
      <Panel title={t("campaigns.variants")} hint={t("campaigns.variants_hint")}>
        <div className="stack">
          {faultOf("variants") && <p className="field-error">{faultOf("variants")}</p>}
          {plan.variants.length === 0 && <p className="muted">{t("campaigns.variants_none")}</p>}
          <ol className="variant-list">
            {plan.variants.map((one, place) => (
              <Variant
                key={one.name}
                draft={draft}
                place={place}
                locked={locked}
                put={(part) => put(place, part)}
                share={(wanted) => {
                  const shares = withShare(
                    plan.variants.map((each) => each.share),
                    place,
                    wanted,
                  );
                  setVariants(plan.variants.map((each, at) => ({ ...each, share: shares[at] as number })));
                }}
                remove={() => remove(place)}
                fault={faultOf(`variants.${place}.piece_id`) ?? faultOf(`variants.${place}`)}
              />
            ))}
          </ol>
          {!locked && plan.variants.length < 8 && (
            <div>
              <Button icon={<PlusOutlined />} onClick={add}>
                {t(plan.variants.length ? "campaigns.add_variant" : "campaigns.pick_piece")}
              </Button>
            </div>
          )}
        </div>
      </Panel>
    </div>
  );
}

type VariantProps = {
  draft: StepProps["draft"];
  place: number;
  locked: boolean;
  put: (part: Partial<CampaignPlan["variants"][number]>) => void;
  share: (rate: number) => void;
  remove: () => void;
  fault: string | undefined;
};

function Variant({ draft, place, locked, put, share, remove, fault }: VariantProps) {
  const { t } = useTranslation();
  const { plan } = draft;
  const variant = plan.variants[place] as CampaignPlan["variants"][number];
  const [typed, setTyped] = useState("");
  const pieces = useUsablePieces(draft.purpose, useDebounced(typed.trim(), 250));
  const chosen = usePiece(variant.piece_id || null);
  const options = (pieces.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }));
  if (chosen.data && !options.some((one) => one.value === variant.piece_id))
    options.unshift({ value: chosen.data.id, label: chosen.data.name });
  const label = t("campaigns.piece_of", { name: variant.name.toUpperCase() });
  return (
    <li>
      <div className="variant-head">
        <span className="variant-letter">{variant.name.toUpperCase()}</span>
        <Select
          showSearch
          filterOption={false}
          onSearch={setTyped}
          aria-label={label}
          placeholder={t("campaigns.pick_piece")}
          value={variant.piece_id || undefined}
          onChange={(piece_id: number) => put({ piece_id, version: null })}
          options={options}
          loading={pieces.isFetching}
          notFoundContent={<NoPiece />}
          disabled={locked}
          style={{ flex: 1, minWidth: 180 }}
        />
        {plan.variants.length > 1 && (
          <PercentBox
            label={t("campaigns.share_of", { name: variant.name.toUpperCase() })}
            value={variant.share}
            onChange={(rate) => share(rate ?? 0)}
            disabled={locked}
          />
        )}
        {!locked && (
          <Button
            type="text"
            icon={<CloseOutlined />}
            onClick={remove}
            aria-label={t("campaigns.remove_variant", { name: variant.name.toUpperCase() })}
          />
        )}
      </div>
      {fault && <p className="field-error">{fault}</p>}
      {variant.piece_id > 0 && (
        <PiecePreview
          pieceId={variant.piece_id}
          carriers={plan.carriers as ContentCarrier[]}
          segment={plan.audience.include[0]}
        />
      )}
    </li>
  );
}

function NoPiece() {
  const { t } = useTranslation();
  return (
    <p className="small">
      {t("campaigns.no_piece")} <Link to="/content">{t("shell.page_content")}</Link>
    </p>
  );
}
