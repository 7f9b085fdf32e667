import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { Button, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import type { Journey, Walk, WalkStep, WalkWhy } from "@/api/types";
import { Chip } from "@/ui/Chip";
import { Empty } from "@/ui/Empty";
import { Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { useDebounced } from "@/ui/useDebounced";
import { useFormat } from "@/ui/useFormat";
import type { Said } from "../canvas/cards";
import { StepIcon } from "../canvas/StepIcon";
import { type Definition, toBody } from "../model/definition";
import { path } from "../queries";
import { useNamed } from "../useSaid";

type Props = { journey: Journey; definition: Definition; said: Said; titleOf: (id: string) => string };
type Choice = {
  node: string;
  visit: number;
  edge?: string | null;
  event?: string | null;
  properties: Record<string, never>;
};

/** One real customer through the draft, with time travel. Nothing is sent, nothing is written about them. */
export function WalkTab({ journey, definition, said, titleOf }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const [customer, setCustomer] = useState<number | null>(null);
  const [choices, setChoices] = useState<Choice[]>([]);
  const [walked, setWalked] = useState<Walk | null>(null);
  const walk = useMutation({
    mutationFn: (wanted: Choice[]) =>
      must(
        api.POST("/api/v1/journeys/{journey_id}/walk", {
          ...path(journey.id),
          body: { customer_id: customer as number, definition: toBody(definition), choices: wanted },
        }),
      ),
    onSuccess: setWalked,
  });
  const go = (wanted: Choice[]) => {
    setChoices(wanted);
    walk.mutate(wanted);
  };
  return (
    <main className="journey-page">
      <Panel title={t("journeys.walk")} hint={t("journeys.walk_hint")}>
        <div className="row jrehearse">
          <Field label={t("journeys.walk_who")}>
            <CustomerBox label={t("journeys.walk_who")} value={customer} onChange={setCustomer} />
          </Field>
          <Button type="primary" disabled={customer === null} loading={walk.isPending} onClick={() => go([])}>
            {t("journeys.walk_start")}
          </Button>
          {choices.length > 0 && <Button onClick={() => go(choices.slice(0, -1))}>{t("journeys.walk_back")}</Button>}
        </div>
        {walk.error ? <ProblemView compact error={walk.error} /> : null}
      </Panel>
      {walked === null ? (
        <div className="panel">
          <Empty title={t("journeys.walk_none")} hint={t("journeys.walk_none_hint")} />
        </div>
      ) : (
        <Panel
          title={
            <>
              {t("journeys.walked", { n: walked.customer_id })}{" "}
              <Chip tone="indigo">{t(`journeys.walk_${walked.ended}`)}</Chip>
            </>
          }
          extra={<Link to={`/customers/${walked.customer_id}`}>{t("journeys.to_customer")}</Link>}
        >
          <p className="muted small">{t("journeys.walk_from", { at: f.time(walked.started_at) })}</p>
          <Whys list={walked.entry} />
          <ol className="jlist">
            {walked.steps.map((step, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a node may come twice
              <li key={at} className={`jlist-step ${said.steps.get(step.kind)?.group ?? "flow"}`}>
                <Stop
                  step={step}
                  said={said}
                  title={titleOf(step.node)}
                  onChoose={(choice) =>
                    go([...choices, { ...choice, node: step.node, visit: visitOf(walked.steps, at), properties: {} }])
                  }
                />
              </li>
            ))}
          </ol>
        </Panel>
      )}
    </main>
  );
}

/** Which visit of its node a step is. */
const visitOf = (steps: WalkStep[], at: number): number =>
  steps.slice(0, at + 1).filter((one) => one.node === steps[at]?.node).length;

function Stop({
  step,
  said,
  title,
  onChoose,
}: {
  step: WalkStep;
  said: Said;
  title: string;
  onChoose: (choice: { edge?: string; event?: string }) => void;
}) {
  const { t } = useTranslation();
  const f = useFormat();
  const named = useNamed();
  const { message } = step;
  const word = (edge: string) => said.edgeLabel(said.steps.get(step.kind), edge);
  return (
    <>
      <p className="jcard-head">
        <StepIcon kind={step.kind} group={said.steps.get(step.kind)?.group ?? "flow"} />
        <strong>{title}</strong>
        <span className="num muted small">{f.time(step.arrived_at)}</span>
      </p>
      <p className="jcard-say">{f.label(step.sentence)}</p>
      {step.edge && (
        <p className="small">
          → {word(step.edge)} {step.left_at && <span className="num muted">{f.time(step.left_at)}</span>}
          {step.code && <Chip tone="ochre">{t(`journeys.code_${step.code}`, { defaultValue: step.code })}</Chip>}
        </p>
      )}
      <Whys list={step.why} />
      {message && (
        <div className="jwalk-message">
          <Chip tone={message.verdict === "allow" ? "pine" : message.verdict === "wait" ? "ochre" : "cinnabar"}>
            {t(`journeys.verdict_${message.verdict}`)}
          </Chip>{" "}
          {message.words && f.label(message.words)} <span className="num muted small">{f.time(message.at)}</span>
          {message.carrier && (
            <span> · {t(`campaigns.carrier_${message.carrier}`, { defaultValue: message.carrier })}</span>
          )}
          {Object.entries(message.parts).map(([part, text]) => (
            <p key={part}>{typeof text === "string" ? text : JSON.stringify(text)}</p>
          ))}
        </div>
      )}
      {(step.choices.length > 0 || step.events.length > 0) && (
        <p className="row tight small">
          {t("journeys.walk_choose")}
          {step.choices.map((edge) => (
            <Button key={edge} size="small" onClick={() => onChoose({ edge })}>
              {word(edge)}
            </Button>
          ))}
          {step.events.map((event) => (
            <Button key={event} size="small" onClick={() => onChoose({ event })}>
              {named.event(event)}
            </Button>
          ))}
          {step.until && (
            <Button size="small" onClick={() => onChoose({})}>
              {t("journeys.walk_timeout", { at: f.time(step.until) })}
            </Button>
          )}
        </p>
      )}
    </>
  );
}

function Whys({ list }: { list: WalkWhy[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  if (list.length === 0) return null;
  return (
    <ul className="jwhys small">
      {list.map((one) => (
        <li key={one.what.en} className={one.holds ? "yes" : "no"}>
          <span aria-hidden="true">{one.holds ? "✓" : "✗"}</span>{" "}
          <span className="visually-hidden">{t(one.holds ? "journeys.holds" : "journeys.holds_not")}</span>
          {f.label(one.what)}
          {one.seen && <span className="muted"> · {f.label(one.seen)}</span>}
          <Whys list={one.children} />
        </li>
      ))}
    </ul>
  );
}

function CustomerBox({
  label,
  value,
  onChange,
}: {
  label: string;
  value: number | null;
  onChange: (id: number | null) => void;
}) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const q = useDebounced(typed.trim(), 250);
  const found = useQuery({
    queryKey: ["journeys", "customers", q],
    queryFn: () => must(api.GET("/api/v1/customers", { params: { query: { q: q || undefined, limit: 20 } } })),
    placeholderData: keepPreviousData,
  });
  return (
    <Select
      showSearch={{ filterOption: false, onSearch: setTyped }}
      aria-label={label}
      placeholder={t("journeys.walk_who_hint")}
      value={value ?? undefined}
      onChange={(id: number) => onChange(id)}
      options={(found.data?.items ?? []).map((one) => ({
        value: one.id,
        label: `${one.name ?? `#${one.id}`} · ${one.phone_masked ?? one.id}`,
      }))}
      loading={found.isFetching}
      style={{ width: 280 }}
    />
  );
}
