import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, InputNumber, Select, Switch, TimePicker } from "antd";
import dayjs from "dayjs";
import { type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";
import { Field } from "@/ui/Field";
import { CapLine } from "./CapLine";
import { type Cap, newCap, newQuota, type Policy, type Quota } from "./policy";

type Fault = { field: string; message: string };
type Props = { policy: Policy; onChange: (policy: Policy) => void; faults: Fault[] };

const MIX = { promotion_per_value: 1, free: 1, days: 28 };
// biome-ignore lint/suspicious/noThenProperty: the word of the policy, never awaited
const QUIET = { from: "22:00", to: "08:00", then: "hold" } as const;
const COOL = ["complaint_days", "block_days", "refund_days"] as const;

/** The policy as a form; every part says what it does in the words of the page beside it. */
export function PolicyForm({ policy, onChange, faults }: Props) {
  const { t } = useTranslation();
  const set = <K extends keyof Policy>(part: K, value: Policy[K]) => onChange({ ...policy, [part]: value });
  const wrong = (field: string) => faults.find((one) => one.field === field)?.message;
  const lines = <T extends Cap>(part: "caps" | "quotas", rows: T[], add: () => T) => (
    <>
      <ul className="cap-lines">
        {rows.map((row, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: caps have no identity but their place
          <li key={place}>
            <CapLine
              cap={row}
              number={place + 1}
              faults={faults.filter((one) => one.field.startsWith(`${part}[${place}]`)).map((one) => one.message)}
              onChange={(next) => set(part, rows.map((one, at) => (at === place ? next : one)) as Policy[typeof part])}
            />
            <Button
              type="text"
              icon={<DeleteOutlined />}
              aria-label={t("messaging.remove_line", { n: place + 1 })}
              onClick={() => set(part, rows.filter((_, at) => at !== place) as Policy[typeof part])}
            />
          </li>
        ))}
      </ul>
      <div>
        <Button
          size="small"
          icon={<PlusOutlined />}
          onClick={() => set(part, [...rows, add()] as unknown as Policy[typeof part])}
        >
          {t(`messaging.add_${part}`)}
        </Button>
      </div>
    </>
  );
  return (
    <div className="policy-form">
      <Part title={t("messaging.chapter_caps")} help={t("messaging.caps_help")}>
        {lines<Cap>("caps", policy.caps, newCap)}
      </Part>
      <Part
        title={t("messaging.chapter_mix")}
        help={t("messaging.mix_help")}
        on={policy.mix !== null}
        onSwitch={(on) => set("mix", on ? MIX : null)}
      >
        {policy.mix && (
          <div className="policy-row">
            {(["promotion_per_value", "free", "days"] as const).map((name) => (
              <Field key={name} label={t(`messaging.mix_${name}`)} error={wrong(`mix.${name}`)}>
                <InputNumber
                  min={0}
                  max={name === "days" ? 366 : 100}
                  step={name === "promotion_per_value" ? 0.1 : 1}
                  value={policy.mix?.[name]}
                  onChange={(value) => policy.mix && set("mix", { ...policy.mix, [name]: value ?? 0 })}
                />
              </Field>
            ))}
          </div>
        )}
      </Part>
      <Part
        title={t("messaging.chapter_quiet")}
        help={t("messaging.quiet_help")}
        on={policy.quiet !== null}
        onSwitch={(on) => set("quiet", on ? QUIET : null)}
      >
        {policy.quiet && (
          <div className="policy-row">
            {(["from", "to"] as const).map((name) => (
              <Field key={name} label={t(`messaging.quiet_${name}`)} error={wrong(`quiet.${name}`)}>
                <TimePicker
                  format="HH:mm"
                  minuteStep={5}
                  allowClear={false}
                  needConfirm={false}
                  value={dayjs(`2026-01-01T${policy.quiet?.[name]}`)}
                  onChange={(at) => at && policy.quiet && set("quiet", { ...policy.quiet, [name]: at.format("HH:mm") })}
                />
              </Field>
            ))}
            <Field label={t("messaging.quiet_then")}>
              <Select
                value={policy.quiet.then}
                aria-label={t("messaging.quiet_then")}
                onChange={(then) => policy.quiet && set("quiet", { ...policy.quiet, then })}
                options={(["hold", "refuse"] as const).map((value) => ({
                  value,
                  label: t(`messaging.quiet_then_${value}`),
                }))}
              />
            </Field>
          </div>
        )}
      </Part>
      <Part title={t("messaging.chapter_cool_downs")} help={t("messaging.cool_help")}>
        <div className="policy-row">
          {COOL.map((name) => (
            <Field key={name} label={t(`messaging.cool_${name}`)} error={wrong(`cool_downs.${name}`)}>
              <InputNumber
                min={0}
                max={3660}
                suffix={t("messaging.unit_days")}
                value={policy.cool_downs[name]}
                onChange={(value) => set("cool_downs", { ...policy.cool_downs, [name]: value ?? 0 })}
              />
            </Field>
          ))}
          <Field label={t("messaging.cool_ticket")}>
            <span>
              <Switch
                checked={policy.cool_downs.ticket}
                aria-label={t("messaging.cool_ticket")}
                onChange={(ticket) => set("cool_downs", { ...policy.cool_downs, ticket })}
              />
            </span>
          </Field>
        </div>
      </Part>
      <Part title={t("messaging.chapter_quotas")} help={t("messaging.quotas_help")}>
        {lines<Quota>("quotas", policy.quotas, newQuota)}
      </Part>
      <Part title={t("messaging.chapter_exempt")} help={t("messaging.exempt_help")}>
        <div className="policy-row">
          <Field label={t("messaging.exempt_purposes")} error={wrong("exempt.purposes")}>
            <Select
              mode="multiple"
              value={policy.exempt.purposes}
              aria-label={t("messaging.exempt_purposes")}
              onChange={(purposes) => set("exempt", { ...policy.exempt, purposes })}
              options={["service", "feedback"].map((value) => ({ value, label: t(`messaging.purpose_${value}`) }))}
            />
          </Field>
          <Field label={t("messaging.exempt_counts")}>
            <span>
              <Switch
                checked={policy.exempt.counts}
                aria-label={t("messaging.exempt_counts")}
                onChange={(counts) => set("exempt", { ...policy.exempt, counts })}
              />
            </span>
          </Field>
        </div>
      </Part>
    </div>
  );
}

type PartProps = { title: string; help: string; on?: boolean; onSwitch?: (on: boolean) => void; children: ReactNode };

function Part({ title, help, on, onSwitch, children }: PartProps) {
  const id = useId();
  return (
    <section className="policy-part" aria-labelledby={id}>
      <div className="row spread">
        <h3 id={id}>{title}</h3>
        {onSwitch && <Switch size="small" checked={on} aria-labelledby={id} onChange={onSwitch} />}
      </div>
      <p className="muted small">{help}</p>
      {children}
    </section>
  );
}
