import { App, Button, Input } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { useMay } from "@/shell/session";
import { By } from "@/ui/By";
import { Chip } from "@/ui/Chip";
import { Figure, Figures } from "@/ui/Figure";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { AudiencePanel } from "./AudiencePanel";
import { DispatchesPanel } from "./DispatchesPanel";
import { type Send, useSend, useSendAct } from "./queries";
import { StaffTasksPanel } from "./StaffTasksPanel";
import { StatusBar } from "./StatusBar";
import { PURPOSE_TONE, SEND_TONE } from "./words";

/** One send while it goes out: how far, who is out and why, and every chunk that carries it. */
export function SendPage() {
  const { t } = useTranslation();
  const { id } = useParams();
  const query = useSend(Number(id));
  const send = query.data;
  return (
    <Page title={send?.name ?? t("messaging.send")} sub={<Sub send={send} />} actions={send && <Acts send={send} />}>
      <QueryView query={query} lines={10}>
        {(one) => (
          <div className="stack">
            <State send={one} />
            <Totals send={one} />
            <Panel title={t("messaging.progress")} hint={t("messaging.progress_hint")}>
              <div aria-live="polite">
                <StatusBar messages={one.messages} />
              </div>
            </Panel>
            <AudiencePanel send={one} />
            <StaffTasksPanel send={one} />
            <DispatchesPanel send={one} />
            <Facts send={one} />
          </div>
        )}
      </QueryView>
    </Page>
  );
}

function Sub({ send }: { send?: Send }) {
  const { t } = useTranslation();
  return (
    <span className="row">
      <Link to="/sends">← {t("shell.page_sends")}</Link>
      {send && (
        <>
          <Chip tone={SEND_TONE[send.status]}>{t(`messaging.send_${send.status}`)}</Chip>
          <Chip tone={PURPOSE_TONE[send.purpose]}>{t(`messaging.purpose_${send.purpose}`)}</Chip>
          {send.exempt && <Chip tone="indigo">{t("messaging.exempt")}</Chip>}
        </>
      )}
    </span>
  );
}

/** What the state means for the operator, where it is not simply going well. */
function State({ send }: { send: Send }) {
  const { t } = useTranslation();
  const f = useFormat();
  if (send.status === "failed")
    return (
      <p className="problem" role="alert">
        {t("messaging.send_failed_hint", { code: send.status_code ?? "" })}
      </p>
    );
  if (send.status === "paused") return <p className="notice">{t("messaging.send_paused_hint")}</p>;
  if (send.status === "planning")
    return (
      <p className="notice indigo" role="status">
        {t("messaging.send_planning_hint", {
          done: f.count(Number(send.counts.planned ?? 0)),
          total: f.count(Number(send.counts.audience ?? 0)),
        })}
      </p>
    );
  if ((send.messages.unknown ?? 0) > 0)
    return (
      <p className="notice">
        {t("messaging.send_unknown_hint", { n: f.count(send.messages.unknown) })}{" "}
        <Link to="/sends?tab=unknown">{t("messaging.to_unknown")}</Link>
      </p>
    );
  return null;
}

function Acts({ send }: { send: Send }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const fail = useFail();
  const { modal, message } = App.useApp();
  const act = useSendAct(send.id);
  if (!may("messaging.write") || !["planning", "ready", "paused"].includes(send.status)) return null;
  const left = (send.messages.planned ?? 0) + Number(send.counts.audience ?? 0) * (send.status === "planning" ? 1 : 0);
  const go = (what: "pause" | "resume" | "cancel") =>
    act.mutateAsync(what).then(() => void message.success(t(`messaging.did_${what}`)), fail);
  const cancel = () => {
    let typed = "";
    const word = String(send.messages.planned ?? 0);
    modal.confirm({
      title: t("messaging.cancel_title", { n: f.count(left) }),
      content: (
        <>
          <p>{t("messaging.cancel_hint")}</p>
          <Input
            aria-label={t("ui.type_to_confirm", { word })}
            placeholder={t("ui.type_to_confirm", { word })}
            onChange={(e) => {
              typed = e.target.value.trim();
            }}
          />
        </>
      ),
      okText: t("messaging.cancel_send"),
      okButtonProps: { danger: true },
      cancelText: t("ui.cancel"),
      onOk: () => {
        if (typed === word) return go("cancel");
        void message.warning(t("ui.type_to_confirm", { word }));
        return Promise.reject();
      },
    });
  };
  return (
    <>
      {send.status === "paused" ? (
        <Button type="primary" loading={act.isPending} onClick={() => void go("resume")}>
          {t("messaging.resume")}
        </Button>
      ) : (
        <Button loading={act.isPending} onClick={() => void go("pause")}>
          {t("messaging.pause")}
        </Button>
      )}
      <Button danger onClick={cancel}>
        {t("messaging.cancel_send")}
      </Button>
    </>
  );
}

function Totals({ send }: { send: Send }) {
  const { t } = useTranslation();
  const f = useFormat();
  const of = (...names: string[]) => names.reduce((sum, name) => sum + (send.messages[name] ?? 0), 0);
  const rate = (part: number, whole: number) => (whole ? f.rate(part / whole) : undefined);
  const planned = Object.values(send.messages).reduce((sum, each) => sum + each, 0);
  const sent = of("sent", "received");
  const cells = [
    { key: "audience", value: Number(send.counts.audience ?? 0) },
    { key: "will", value: planned, note: rate(planned, Number(send.counts.audience ?? 0)) },
    { key: "sent", value: sent, note: rate(sent, planned) },
    { key: "received", value: of("received"), note: rate(of("received"), sent) },
    { key: "unknown", value: of("unknown") },
    { key: "failed", value: of("refused", "failed"), note: rate(of("refused", "failed"), planned) },
  ];
  return (
    <Figures count={cells.length}>
      {cells.map((one) => (
        <Figure
          key={one.key}
          label={t(`messaging.total_${one.key}`)}
          hint={t(`messaging.total_${one.key}_hint`)}
          value={f.count(one.value)}
          note={one.note}
        />
      ))}
    </Figures>
  );
}

function Facts({ send }: { send: Send }) {
  const { t } = useTranslation();
  const f = useFormat();
  const content = Object.entries((send.spec.content ?? {}) as Record<string, [number, number]>);
  const carriers = (send.spec.carriers ?? []) as string[];
  return (
    <Panel title={t("messaging.facts")}>
      <dl className="keyvals">
        <dt>{t("messaging.content")}</dt>
        <dd>
          {content.map(([variant, [piece, version]]) => (
            <p key={variant}>
              {content.length > 1 && `${variant}: `}
              <Link to={`/content/${piece}`}>{t("messaging.piece_version", { piece, version })}</Link>
            </p>
          ))}
        </dd>
        <dt>{t("messaging.carriers")}</dt>
        <dd>{carriers.map((one) => t(`content.carrier_${one}`)).join(" → ")}</dd>
        <dt>{t("messaging.due")}</dt>
        <dd>
          {f.time(send.due_at)} – {f.time(send.until_at)}
        </dd>
        <dt>{t("messaging.policy_used")}</dt>
        <dd>
          <Link to="/restraint?tab=versions">
            {send.policy_version === null
              ? "–"
              : send.policy_version === 0
                ? t("messaging.policy_own")
                : t("messaging.version_n", { n: send.policy_version })}
          </Link>
        </dd>
        <dt>{t("messaging.control")}</dt>
        <dd>{f.rate(Number(send.spec.control_rate ?? 0))}</dd>
        <dt>{t("messaging.priority")}</dt>
        <dd>{f.money(send.priority_fen)}</dd>
        <dt>{t("messaging.by")}</dt>
        <dd>
          <By who={send.created_by} /> {f.time(send.created_at)}
        </dd>
        <dt>{t("messaging.ref")}</dt>
        <dd>
          <code>{send.ref}</code>
        </dd>
      </dl>
    </Panel>
  );
}
