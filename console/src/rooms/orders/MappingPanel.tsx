import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Shop } from "@/api/types";
import { useAccount } from "@/rooms/carriers/queries";
import { useSaveAccount } from "@/rooms/carriers/useSaveAccount";
import { useMay } from "@/shell/session";
import { DataTable } from "@/ui/DataTable";
import { Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { usePreview, useTestCall } from "./shopQueries";

const START = `orders = ""
order_no = "id"
status = "status"
ordered_at = "created"
money = "yuan"
paid = "paid"

[states]
"已付款" = "paid"
"已完成" = "done"
"已关闭" = "closed"

[lines]
items = "items"
sku = "sku"
product_name = "title"
quantity = "num"
unit_price = "price"

[buyer]
phone = "mobile"
`;

/** Where in somebody's JSON an order stands: a sample beside the mapping, and what comes of it. */
export function MappingPanel({ shop }: { shop: Shop }) {
  const { t } = useTranslation();
  const account = useAccount(shop.id, 0);
  return (
    <Panel title={t("orders.webhook_mapping")} hint={t("orders.webhook_mapping_hint")}>
      <QueryView query={account}>
        {(data) => <Editor shop={shop} saved={String(data.settings.mapping ?? "")} />}
      </QueryView>
    </Panel>
  );
}

function Editor({ shop, saved }: { shop: Shop; saved: string }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const [mapping, setMapping] = useState(saved || START);
  const [sample, setSample] = useState("");
  const preview = usePreview();
  const test = useTestCall(shop.id);
  const save = useSaveAccount(shop.id, shop.product);
  return (
    <div className="stack">
      <div className="mapping-two">
        <Field label={t("orders.webhook_sample")} help={t("orders.webhook_sample_help")}>
          <Input.TextArea rows={16} className="mono" value={sample} onChange={(e) => setSample(e.target.value)} />
        </Field>
        <Field label={t("orders.webhook_toml")} help={t("orders.webhook_toml_help")}>
          <Input.TextArea rows={16} className="mono" value={mapping} onChange={(e) => setMapping(e.target.value)} />
        </Field>
      </div>
      <div className="row">
        <Button
          type="primary"
          disabled={!sample.trim()}
          loading={preview.isPending}
          onClick={() => preview.mutate({ mapping, sample })}
        >
          {t("orders.preview")}
        </Button>
        {may("carriers.write") && (
          <Button
            loading={save.isPending}
            disabled={mapping === saved}
            onClick={() => save.mutate({ name: shop.name, credentials: {}, settings: { mapping } })}
          >
            {t("orders.save_mapping")}
          </Button>
        )}
        {may("imports.write") && (
          <Button disabled={!sample.trim() || !saved} loading={test.isPending} onClick={() => test.mutate(sample)}>
            {t("orders.test_call")}
          </Button>
        )}
        {save.isSuccess && <span className="muted small">{t("orders.mapping_kept")}</span>}
      </div>
      {save.problem && <ProblemView error={save.problem} compact />}
      {test.error && <ProblemView error={test.error} compact />}
      {test.data && (
        <p className="notice pine" role="status">
          {t("orders.test_well", { n: test.data.items.length, count: test.data.items.length })}
        </p>
      )}
      {preview.error && <ProblemView error={preview.error} compact />}
      {preview.data && (
        <DataTable
          caption={t("orders.preview")}
          cards
          rows={preview.data.items}
          rowKey={(row) => row.order_no}
          columns={[
            { key: "no", title: t("orders.field_order_no"), render: (row) => <code>{row.order_no}</code> },
            {
              key: "state",
              title: t("orders.field_status"),
              render: (row) => `${f.label(row.state_name)}（${row.status}）`,
            },
            { key: "at", title: t("orders.field_ordered_at"), render: (row) => f.time(row.ordered_at) },
            {
              key: "amount",
              title: t("orders.field_amount"),
              align: "right",
              render: (row) => f.money(row.amount_fen),
            },
            {
              key: "lines",
              title: t("orders.lines"),
              wrap: true,
              render: (row) =>
                row.lines.map((line) => `${line.product_name || line.sku} × ${line.quantity}`).join("；"),
            },
            {
              key: "buyer",
              title: t("orders.field_account"),
              wrap: true,
              render: (row) => row.buyer.join("、") || t("orders.no_buyer"),
            },
          ]}
        />
      )}
    </div>
  );
}
