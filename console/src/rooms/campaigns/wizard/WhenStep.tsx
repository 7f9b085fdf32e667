import { PlusOutlined } from "@ant-design/icons";
import { Button, DatePicker, InputNumber, Segmented } from "antd";
import dayjs from "dayjs";
import { useTranslation } from "react-i18next";
import type { CampaignPlan } from "@/api/types";
import { useBrand } from "@/shell/session";
import { Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { useFormat } from "@/ui/useFormat";
import { STOPS, waveKind, wavesOf } from "../plan";
import { PercentBox } from "./PercentBox";
import type { StepProps } from "./step";

const FORMAT = "YYYY-MM-DD HH:mm";
const KINDS = ["once", "small_first", "thirds"] as const;

/** When the first wave goes, in how many waves, and what stops it. */
export function WhenStep({ draft, change, faultOf, locked }: StepProps) {
  const { t } = useTranslation();
  const { time_zone } = useBrand();
  const { plan } = draft;
  const set = (part: Partial<CampaignPlan>) => change({ plan: { ...plan, ...part } });
  return (
    <div className="stack">
      <Panel title={t("campaigns.step_when")}>
        <div className="two">
          <Field
            label={t("campaigns.starts")}
            help={t("campaigns.starts_help", { zone: time_zone })}
            error={faultOf("starts")}
          >
            <DatePicker
              aria-label={t("campaigns.starts")}
              showTime={{ format: "HH:mm", minuteStep: 5 }}
              format={FORMAT}
              value={plan.starts ? dayjs(plan.starts) : null}
              placeholder={t("campaigns.starts_now")}
              onChange={(at) => set({ starts: at ? at.format(FORMAT) : null })}
              disabled={locked}
              style={{ width: "100%" }}
            />
          </Field>
          <Field
            label={t("campaigns.valid_hours")}
            help={t("campaigns.valid_hours_help")}
            error={faultOf("valid_hours")}
          >
            <InputNumber
              aria-label={t("campaigns.valid_hours")}
              min={0.25}
              max={720}
              value={plan.valid_hours}
              suffix={t("campaigns.hours")}
              onChange={(hours) => set({ valid_hours: hours ?? 72 })}
              disabled={locked}
              style={{ width: "100%" }}
            />
          </Field>
        </div>
      </Panel>
      <Panel title={t("campaigns.waves")} hint={t("campaigns.waves_hint")}>
        <div className="stack">
          <Segmented
            aria-label={t("campaigns.waves")}
            value={waveKind(plan.waves)}
            onChange={(kind) => set({ waves: wavesOf(kind, plan.waves), winner: kind === "once" ? null : plan.winner })}
            options={KINDS.map((kind) => ({ value: kind, label: t(`campaigns.waves_${kind}`) }))}
            disabled={locked}
          />
          {faultOf("waves") && <p className="field-error">{faultOf("waves")}</p>}
          <Waves plan={plan} set={set} faultOf={faultOf} locked={locked} />
        </div>
      </Panel>
      <Stops plan={plan} set={set} locked={locked} />
    </div>
  );
}

type Part = { plan: CampaignPlan; set: (part: Partial<CampaignPlan>) => void; locked: boolean };

function Waves({ plan, set, faultOf, locked }: Part & { faultOf: StepProps["faultOf"] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { waves } = plan;
  const put = (place: number, part: Partial<CampaignPlan["waves"][number]>) =>
    set({ waves: waves.map((wave, at) => (at === place ? { ...wave, ...part } : wave)) });
  /** The last wave takes what the others leave. */
  const share = (place: number, wanted: number) => {
    const others = waves.reduce(
      (sum, wave, at) => (at === place || at === waves.length - 1 ? sum : sum + wave.share),
      0,
    );
    const mine = Math.min(Math.max(0.01, wanted), 0.99 - others);
    set({
      waves: waves.map((wave, at) => ({
        ...wave,
        share: at === place ? mine : at === waves.length - 1 ? Number((1 - others - mine).toFixed(4)) : wave.share,
      })),
    });
  };
  const add = () => {
    const last = waves.at(-1) as CampaignPlan["waves"][number];
    const half = Number((last.share / 2).toFixed(4));
    set({
      waves: [
        ...waves.slice(0, -1),
        { ...last, share: half, wait_hours: last.wait_hours || 24 },
        { ...last, share: Number((last.share - half).toFixed(4)), wait_hours: 0 },
      ],
    });
  };
  return (
    <>
      <ol className="wave-list">
        {waves.map((wave, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a wave is its place
          <li key={place}>
            <strong>{t("campaigns.wave_n", { n: place + 1 })}</strong>
            {place < waves.length - 1 ? (
              <>
                <PercentBox
                  label={t("campaigns.wave_share", { n: place + 1 })}
                  value={wave.share}
                  onChange={(value) => share(place, value ?? 0.1)}
                  disabled={locked}
                />
                <span>{t("campaigns.of_audience")}</span>
                <span className="muted">{t("campaigns.then_wait")}</span>
                <InputNumber
                  className="inline-number"
                  aria-label={t("campaigns.wave_wait", { n: place + 1 })}
                  min={0}
                  max={720}
                  value={wave.wait_hours}
                  onChange={(hours) => put(place, { wait_hours: hours ?? 0 })}
                  disabled={locked}
                />
                <span>{t("campaigns.hours")}</span>
              </>
            ) : (
              <span>
                {waves.length === 1 ? t("campaigns.wave_all") : t("campaigns.wave_rest", { rate: f.rate(wave.share) })}
              </span>
            )}
            {faultOf(`waves.${place}.wait_hours`) && (
              <span className="field-error">{faultOf(`waves.${place}.wait_hours`)}</span>
            )}
          </li>
        ))}
      </ol>
      {waves.length > 1 && waves.length < 10 && !locked && (
        <div>
          <Button size="small" icon={<PlusOutlined />} onClick={add}>
            {t("campaigns.add_wave")}
          </Button>
        </div>
      )}
    </>
  );
}

/** One set of limits for all waves: what is too much for the first is too much for the second. */
function Stops({ plan, set, locked }: Part) {
  const { t } = useTranslation();
  const stop = plan.waves[0]?.stop_if ?? null;
  const put = (part: Partial<NonNullable<typeof stop>> | null) =>
    set({
      waves: plan.waves.map((wave) => ({
        ...wave,
        stop_if: part && { ...(stop ?? STOPS), ...part },
      })),
    });
  return (
    <Panel title={t("campaigns.stops")} hint={t("campaigns.stops_hint")}>
      <div className="two">
        <Field label={t("campaigns.stop_block")} help={t("campaigns.stop_block_help")}>
          <PercentBox
            label={t("campaigns.stop_block")}
            value={stop?.block_rate ?? null}
            digits={2}
            empty
            onChange={(block_rate) => put({ block_rate })}
            disabled={locked}
          />
        </Field>
        <Field label={t("campaigns.stop_complaint")} help={t("campaigns.stop_complaint_help")}>
          <PercentBox
            label={t("campaigns.stop_complaint")}
            value={stop?.complaint_rate ?? null}
            digits={2}
            empty
            onChange={(complaint_rate) => put({ complaint_rate })}
            disabled={locked}
          />
        </Field>
        <Field label={t("campaigns.stop_least")} help={t("campaigns.stop_least_help")}>
          <InputNumber
            aria-label={t("campaigns.stop_least")}
            min={1}
            max={1_000_000}
            value={stop?.least_sent ?? 200}
            onChange={(least_sent) => put({ least_sent: least_sent ?? 200 })}
            disabled={locked}
          />
        </Field>
      </div>
    </Panel>
  );
}
