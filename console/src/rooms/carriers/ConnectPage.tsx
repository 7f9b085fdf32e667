import { Button, Input } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useSearchParams } from "react-router";
import type { CarrierAccount, CarrierProduct } from "@/api/types";
import { Field } from "@/ui/Field";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { CallbackStep } from "./CallbackStep";
import { CheckSteps } from "./CheckSteps";
import { FieldsForm, isLimit, type Values } from "./FieldsForm";
import { ProductMark } from "./ProductMark";
import { useAccount, useCheck, useProducts } from "./queries";
import { ReconcileStep } from "./ReconcileStep";
import { type AccountDraft, useSaveAccount } from "./useSaveAccount";
import { RECONCILED } from "./words";

type Stage = "choose" | "fields" | "checks" | "callback" | "reconcile";

/** Connect an account: choose → fields → checks → callback address → first reconcile. Every step says what to put right. */
export function ConnectPage() {
  const { t } = useTranslation();
  const products = useProducts();
  return (
    <Page title={t("carriers.connect")} sub={<Link to="/accounts">← {t("shell.page_accounts")}</Link>}>
      <QueryView query={products} lines={5}>
        {(data) => <Wizard products={data.items} />}
      </QueryView>
    </Page>
  );
}

function Wizard({ products }: { products: CarrierProduct[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const wanted = useSearchParams()[0].get("product");
  const first = products.find((one) => one.product === wanted) ?? null;
  const [product, setProduct] = useState<CarrierProduct | null>(first);
  const [stage, setStage] = useState<Stage>(first ? "fields" : "choose");
  const [draft, setDraft] = useState<AccountDraft>({ name: f.label(first?.name), credentials: {}, settings: {} });
  const [madeId, setMadeId] = useState<number | null>(null);
  const stages: Stage[] = ["choose", "fields", "checks"];
  if (!product || product.has_callbacks) stages.push("callback");
  if (!product || RECONCILED.has(product.product)) stages.push("reconcile");
  const next = () => setStage(stages[stages.indexOf(stage) + 1] ?? stage);
  return (
    <div className="stack">
      <ol className="wizard-steps" aria-label={t("carriers.steps")}>
        {stages.map((one, index) => (
          <li
            key={one}
            aria-current={one === stage ? "step" : undefined}
            className={index < stages.indexOf(stage) ? "past" : ""}
          >
            <span className="num">{index + 1}</span> {t(`carriers.stage_${one}`)}
          </li>
        ))}
      </ol>
      {stage === "choose" && (
        <Choose
          products={products}
          onChoose={(chosen) => {
            if (chosen.product !== product?.product)
              setDraft({ name: f.label(chosen.name), credentials: {}, settings: {} });
            setProduct(chosen);
            setStage("fields");
          }}
        />
      )}
      {product && stage === "fields" && (
        <FieldsStep
          product={product}
          madeId={madeId}
          draft={draft}
          onDraft={setDraft}
          onBack={() => setStage("choose")}
          onDone={(account) => {
            setMadeId(account.id);
            setStage("checks");
          }}
        />
      )}
      {product && madeId !== null && stage !== "choose" && stage !== "fields" && (
        <After
          key={stage}
          stage={stage}
          product={product}
          made={{ id: madeId, entered: draft.credentials }}
          last={stages.at(-1) === stage}
          onNext={next}
          onBack={() => setStage("fields")}
        />
      )}
    </div>
  );
}

function Choose({ products, onChoose }: { products: CarrierProduct[]; onChoose: (product: CarrierProduct) => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <ul className="product-cards">
      {products.map((product) => (
        <li key={product.product}>
          <button type="button" className="panel product-card" onClick={() => onChoose(product)}>
            <ProductMark product={product.product} />
            <span>
              <strong>{f.label(product.name)}</strong>
              <span className="muted small">{t(`carriers.about_${product.product}`)}</span>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

type FieldsProps = {
  product: CarrierProduct;
  madeId: number | null;
  draft: AccountDraft;
  onDraft: (draft: AccountDraft) => void;
  onBack: () => void;
  onDone: (account: CarrierAccount) => void;
};

function FieldsStep({ product, madeId, draft, onDraft, onBack, onDone }: FieldsProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const { name, credentials, settings } = draft;
  const setCredentials = (next: Values) => onDraft({ ...draft, credentials: next });
  const setSettings = (next: Values) => onDraft({ ...draft, settings: next });
  const save = useSaveAccount(madeId, product.product);
  const plain = product.settings.filter((field) => !isLimit(field));
  const limits = product.settings.filter(isLimit);
  const missing = product.credentials.filter((field) => field.required && !madeId && !credentials[field.name]?.trim());
  return (
    <Panel title={f.label(product.name)}>
      <form
        className="form carrier-form"
        onSubmit={(e) => {
          e.preventDefault();
          save.mutate(draft, { onSuccess: onDone });
        }}
      >
        <p className="muted">{t(`carriers.before_${product.product}`)}</p>
        {save.problem && <ProblemView error={save.problem} compact />}
        <Field label={t("carriers.name")} help={t("carriers.name_help")} error={save.faults.name}>
          <Input value={name} maxLength={80} onChange={(e) => onDraft({ ...draft, name: e.target.value })} required />
        </Field>
        <FieldsForm
          fields={product.credentials}
          values={credentials}
          onChange={setCredentials}
          faults={save.faults}
          kept={madeId !== null}
        />
        {plain.length > 0 && <h3>{t("carriers.settings")}</h3>}
        <FieldsForm fields={plain} values={settings} onChange={setSettings} faults={save.faults} />
        {limits.length > 0 && (
          <details>
            <summary>{t("carriers.limits", { n: limits.length, count: limits.length })}</summary>
            <p className="muted small">{t("carriers.limits_hint")}</p>
            <div className="limit-grid">
              <FieldsForm fields={limits} values={settings} onChange={setSettings} faults={save.faults} />
            </div>
          </details>
        )}
        <div className="row">
          <Button onClick={onBack} disabled={madeId !== null}>
            {t("carriers.back")}
          </Button>
          <Button
            type="primary"
            htmlType="submit"
            loading={save.isPending}
            disabled={missing.length > 0 || !name.trim()}
          >
            {t("carriers.save_and_check")}
          </Button>
        </div>
      </form>
    </Panel>
  );
}

type AfterProps = {
  stage: Exclude<Stage, "choose" | "fields">;
  product: CarrierProduct;
  made: { id: number; entered: Values };
  last: boolean;
  onNext: () => void;
  onBack: () => void;
};

function After({ stage, product, made, last, onNext, onBack }: AfterProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const account = useAccount(made.id);
  const go = last ? () => navigate(`/accounts/${made.id}`) : onNext;
  const label = t(last ? "carriers.finish" : "carriers.next");
  return (
    <QueryView query={account}>
      {(data) => {
        const body: Record<AfterProps["stage"], ReactNode> = {
          checks: <ChecksNow product={product} id={made.id} />,
          callback: <CallbackStep account={data} entered={made.entered} />,
          reconcile: <ReconcileStep account={data} />,
        };
        return (
          <Panel title={t(`carriers.stage_${stage}`)}>
            {body[stage]}
            <div className="row wizard-act">
              {stage === "checks" && <Button onClick={onBack}>{t("carriers.change_fields")}</Button>}
              <Button type="primary" onClick={go}>
                {label}
              </Button>
            </div>
          </Panel>
        );
      }}
    </QueryView>
  );
}

function ChecksNow({ product, id }: { product: CarrierProduct; id: number }) {
  const check = useCheck(id);
  const [started, setStarted] = useState(false);
  if (!started) {
    setStarted(true);
    queueMicrotask(() => check.mutate());
  }
  return (
    <>
      {check.error && <ProblemView error={check.error} compact />}
      <CheckSteps
        product={product}
        steps={check.data}
        busy={check.isPending}
        onRun={() => check.mutate()}
        without="callback"
      />
    </>
  );
}
