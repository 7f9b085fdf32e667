import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Checkbox, Input, InputNumber, Segmented, Select } from "antd";
import { useTranslation } from "react-i18next";
import { useStaff } from "@/rooms/carriers/queries";
import { Field } from "@/ui/Field";
import type { Plan, Shift } from "./queries";
import { DAYS } from "./words";

type Props = {
  account: number;
  plan: Plan;
  onChange: (plan: Plan) => void;
  fault: (field: string) => string | undefined;
};

/** Who receives, when, how many a day, and who steps in. */
export function PlanFields({ account, plan, onChange, fault }: Props) {
  const { t } = useTranslation();
  const staff = useStaff(account);
  const receivers = plan.receivers ?? [];
  const shifts = plan.shifts ?? [];
  const names = new Map((staff.data?.items ?? []).map((one) => [one.userid, one.name]));
  const label = (userid: string) => (names.has(userid) ? `${names.get(userid)} · ${userid}` : userid);
  const options = (staff.data?.items ?? []).map((one) => ({ value: one.userid, label: label(one.userid) }));
  const set = (change: Partial<Plan>) => onChange({ ...plan, ...change });
  const setShift = (index: number, change: Partial<Shift> | null) =>
    set({ shifts: shifts.flatMap((one, at) => (at !== index ? [one] : change ? [{ ...one, ...change }] : [])) });
  return (
    <>
      <Field label={t("codes.receivers")} help={t("codes.receivers_help")} error={fault("plan.receivers")}>
        <Select
          mode="tags"
          aria-label={t("codes.receivers")}
          value={receivers.map((one) => one.staff)}
          options={options}
          onChange={(chosen: string[]) =>
            set({
              receivers: chosen.map(
                (one) => receivers.find((held) => held.staff === one) ?? { staff: one, daily_limit: null },
              ),
            })
          }
        />
      </Field>
      {receivers.length > 0 && (
        <div className="code-limits">
          {receivers.map((one, index) => (
            <Field key={one.staff} label={label(one.staff)} error={fault(`plan.receivers.${index}.daily_limit`)}>
              <InputNumber
                min={1}
                max={5000}
                precision={0}
                value={one.daily_limit}
                placeholder={t("codes.no_limit")}
                suffix={t("codes.a_day")}
                onChange={(daily_limit) =>
                  set({ receivers: receivers.map((held) => (held === one ? { ...held, daily_limit } : held)) })
                }
              />
            </Field>
          ))}
        </div>
      )}
      <Field label={t("codes.balance")} help={t(`codes.balance_${plan.balance}_help`)}>
        <span>
          <Segmented
            aria-label={t("codes.balance")}
            value={plan.balance}
            onChange={(balance) => set({ balance })}
            options={(["lot", "least_loaded"] as const).map((value) => ({ value, label: t(`codes.balance_${value}`) }))}
          />
        </span>
      </Field>
      <fieldset className="code-shifts">
        <legend className="field-label">{t("codes.shifts")}</legend>
        <p className="muted small">{t("codes.shifts_help")}</p>
        {shifts.map((shift, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: shifts have no identity
          <div key={index} className="code-shift">
            <Checkbox.Group
              aria-label={t("codes.days")}
              value={shift.days}
              onChange={(days) => setShift(index, { days: days as number[] })}
              options={DAYS.map((day) => ({ value: day, label: t(`codes.day_${day}`) }))}
            />
            <div className="row">
              {(["from_time", "until_time"] as const).map((name) => (
                <Field key={name} label={t(`codes.${name}`)} error={fault(`plan.shifts.${index}.${name}`)}>
                  <Input
                    value={shift[name]}
                    maxLength={5}
                    style={{ width: 92 }}
                    onChange={(e) => setShift(index, { [name]: e.target.value })}
                  />
                </Field>
              ))}
              <Field label={t("codes.on_duty")} error={fault(`plan.shifts.${index}.staff`)}>
                <Select
                  mode="multiple"
                  style={{ minWidth: 200 }}
                  aria-label={t("codes.on_duty")}
                  placeholder={t("codes.all_receivers")}
                  value={shift.staff ?? []}
                  options={receivers.map((one) => ({ value: one.staff, label: label(one.staff) }))}
                  onChange={(on) => setShift(index, { staff: on })}
                />
              </Field>
              <Button
                type="text"
                icon={<DeleteOutlined />}
                aria-label={t("codes.remove_shift", { n: index + 1 })}
                onClick={() => setShift(index, null)}
              />
            </div>
            {fault(`plan.shifts.${index}.days`) && (
              <p className="field-error" role="alert">
                {fault(`plan.shifts.${index}.days`)}
              </p>
            )}
          </div>
        ))}
        <Button
          size="small"
          icon={<PlusOutlined />}
          onClick={() =>
            set({ shifts: [...shifts, { days: [1, 2, 3, 4, 5], from_time: "09:00", until_time: "18:00", staff: [] }] })
          }
        >
          {t("codes.add_shift")}
        </Button>
      </fieldset>
      <Field label={t("codes.fallback")} help={t("codes.fallback_help")} error={fault("plan.fallback")}>
        <Select
          mode="tags"
          aria-label={t("codes.fallback")}
          value={plan.fallback ?? []}
          options={options}
          onChange={(fallback) => set({ fallback })}
        />
      </Field>
    </>
  );
}
