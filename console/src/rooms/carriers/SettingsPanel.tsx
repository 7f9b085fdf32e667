import { App, Button, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api, must } from "@/api/client";
import type { CarrierAccount, CarrierProduct } from "@/api/types";
import { useMay } from "@/shell/session";
import { Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { CopyLine } from "./CopyLine";
import { FieldsForm, isLimit, type Values } from "./FieldsForm";
import { useProducts, useRefreshAccounts } from "./queries";
import { useSaveAccount } from "./useSaveAccount";

/** Name, credentials (never shown, only replaced), settings, the callback address, and disconnecting. */
export function SettingsPanel({ account }: { account: CarrierAccount }) {
  const { t } = useTranslation();
  const may = useMay();
  const products = useProducts();
  return (
    <div className="stack">
      {account.callback_url && (
        <Panel title={t("carriers.stage_callback")}>
          <div className="copy-lines">
            <CopyLine label="URL" value={account.callback_url} />
          </div>
        </Panel>
      )}
      {may("carriers.write") ? (
        <>
          <QueryView query={products}>
            {(data) => {
              const product = data.items.find((one) => one.product === account.product);
              return product ? <Form account={account} product={product} /> : null;
            }}
          </QueryView>
          <Disconnect account={account} />
        </>
      ) : (
        <p className="muted">{t("carriers.settings_owner")}</p>
      )}
    </div>
  );
}

function Form({ account, product }: { account: CarrierAccount; product: CarrierProduct }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [name, setName] = useState(account.name);
  const [credentials, setCredentials] = useState<Values>({});
  const [settings, setSettings] = useState<Values>(account.settings as Values);
  const save = useSaveAccount(account.id, account.product);
  const secrets = product.credentials.filter((field) => field.secret);
  return (
    <Panel title={t("carriers.tab_settings")}>
      <form
        className="form carrier-form"
        onSubmit={(e) => {
          e.preventDefault();
          save.mutate(
            { name, credentials, settings },
            {
              onSuccess: () => {
                setCredentials({});
                void message.success(t("ui.saved"));
              },
            },
          );
        }}
      >
        {save.problem && <ProblemView error={save.problem} compact />}
        <Field label={t("carriers.name")} error={save.faults.name}>
          <Input value={name} maxLength={80} onChange={(e) => setName(e.target.value)} required />
        </Field>
        <FieldsForm fields={secrets} values={credentials} onChange={setCredentials} faults={save.faults} kept />
        <FieldsForm
          fields={product.settings.filter((field) => !isLimit(field))}
          values={settings}
          onChange={setSettings}
          faults={save.faults}
        />
        <details>
          <summary>
            {t("carriers.limits", {
              n: product.settings.filter(isLimit).length,
              count: product.settings.filter(isLimit).length,
            })}
          </summary>
          <p className="muted small">{t("carriers.limits_hint")}</p>
          <div className="limit-grid">
            <FieldsForm
              fields={product.settings.filter(isLimit)}
              values={settings}
              onChange={setSettings}
              faults={save.faults}
            />
          </div>
        </details>
        <div>
          <Button type="primary" htmlType="submit" loading={save.isPending} disabled={!name.trim()}>
            {t("ui.save")}
          </Button>
        </div>
      </form>
    </Panel>
  );
}

function Disconnect({ account }: { account: CarrierAccount }) {
  const { t } = useTranslation();
  const f = useFormat();
  const fail = useFail();
  const navigate = useNavigate();
  const refresh = useRefreshAccounts();
  const [asked, setAsked] = useState(false);
  const [typed, setTyped] = useState("");
  const remove = async () => {
    await must(api.DELETE("/api/v1/carriers/accounts/{account_id}", { params: { path: { account_id: account.id } } }));
    navigate("/accounts");
    void refresh();
  };
  return (
    <Panel title={t("carriers.disconnect")}>
      <p className="muted">{t("carriers.disconnect_about")}</p>
      <p className="wizard-act">
        <Button danger onClick={() => setAsked(true)}>
          {t("carriers.disconnect")}
        </Button>
      </p>
      {asked && (
        <Modal
          open
          title={t("carriers.disconnect_of", { name: account.name })}
          onCancel={() => setAsked(false)}
          okText={t("carriers.disconnect")}
          cancelText={t("ui.cancel")}
          okButtonProps={{ danger: true, disabled: typed !== account.name }}
          onOk={() => void remove().catch(fail)}
        >
          <p>{t("carriers.disconnect_people", { n: f.count(account.open_relation_count) })}</p>
          <Field label={t("ui.type_to_confirm", { word: account.name })}>
            <Input value={typed} onChange={(e) => setTyped(e.target.value)} autoComplete="off" />
          </Field>
        </Modal>
      )}
    </Panel>
  );
}
