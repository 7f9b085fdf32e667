import { useTranslation } from "react-i18next";
import type { OrdersRule } from "@/api/types";
import { Choice } from "./Choice";
import { useRules } from "./context";
import { NumberBox, NumberRange } from "./NumberBox";
import { COMPARE, ORDER_WHERE_FIELDS } from "./operators";
import { Where } from "./Where";
import { WindowInput } from "./WindowInput";

const MEASURES: OrdersRule["measure"][] = [
  "count",
  "spend_fen",
  "average_fen",
  "largest_fen",
  "quantity",
  "distinct_skus",
];
const ORDER_OPS = ["is", "is_not", "in", "not_in", "contains", ">=", ">", "<=", "<"];

type Props = { rule: OrdersRule; put: (rule: OrdersRule, field?: string) => void };

export function OrdersLeaf({ rule, put }: Props) {
  const { t } = useTranslation();
  const { vocabulary } = useRules();
  const money = rule.measure.endsWith("_fen");
  const known = ORDER_WHERE_FIELDS.map((name) => ({
    name,
    label: t(`segments.where_${name}`),
    kind: name.endsWith("_fen") ? ("money" as const) : name === "quantity" ? ("number" as const) : ("text" as const),
    samples:
      name === "category"
        ? vocabulary.products.categories
        : name === "sku"
          ? vocabulary.products.top.map((p) => p.sku)
          : name === "product_name"
            ? vocabulary.products.top.map((p) => p.name)
            : [],
  }));
  return (
    <>
      <WindowInput value={rule.window} onChange={(window) => put({ ...rule, window }, "window")} />
      <Choice
        label={t("segments.measure")}
        width={152}
        value={rule.measure}
        options={MEASURES.map((m) => ({ value: m, label: t(`segments.measure_${m}`) }))}
        onChange={(measure) => put({ ...rule, measure })}
      />
      <Choice
        label={t("segments.op")}
        value={rule.op}
        width={100}
        options={COMPARE.map((op) => ({ value: op, label: t(`segments.op_${op}`) }))}
        onChange={(op) =>
          put({
            ...rule,
            op,
            value: op === "between" ? [1, 10] : Array.isArray(rule.value) ? (rule.value[0] ?? 1) : rule.value,
          })
        }
      />
      {Array.isArray(rule.value) ? (
        <NumberRange
          label={t("segments.value")}
          value={rule.value}
          money={money}
          onChange={(value) => put({ ...rule, value }, "value")}
        />
      ) : (
        <NumberBox
          label={t("segments.value")}
          value={rule.value}
          money={money}
          onChange={(value) => put({ ...rule, value }, "value")}
        />
      )}
      <Where
        title={t("segments.where_orders")}
        addLabel={t("segments.add_where_orders")}
        operators={ORDER_OPS}
        known={known}
        rows={(rule.where ?? []).map((w) => ({ name: w.field, op: w.op, value: w.value }))}
        onChange={(rows) =>
          put(
            {
              ...rule,
              where: rows.length ? rows.map((w) => ({ field: w.name, op: w.op, value: w.value ?? null })) : undefined,
            },
            "where",
          )
        }
      />
    </>
  );
}
