import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { Check } from "@/api/types";
import { useSession } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { SamplePanel } from "./SamplePanel";

export function SystemPage() {
  const { t } = useTranslation();
  const { brand, version } = useSession();
  const doctor = useQuery({ queryKey: ["system", "doctor"], queryFn: () => must(api.GET("/api/v1/system/doctor")) });
  return (
    <Page title={t("shell.page_system")} sub={t("system.version", { version })}>
      <div className="grid">
        <Panel
          title={t("system.doctor")}
          hint={t("system.doctor_hint")}
          className="w7"
          extra={
            <Button size="small" loading={doctor.isFetching} onClick={() => void doctor.refetch()}>
              {t("system.check_again")}
            </Button>
          }
        >
          <QueryView query={doctor}>{(data) => <Checks checks={data.items} />}</QueryView>
        </Panel>
        <div className="w5 stack start">
          <Panel title={t("system.brand")}>
            <dl className="keyvals">
              <dt>{t("system.brand_name")}</dt>
              <dd>{brand.name}</dd>
              <dt>{t("system.time_zone")}</dt>
              <dd>{brand.time_zone}</dd>
              <dt>{t("orders.currency")}</dt>
              <dd>{brand.currency}</dd>
            </dl>
          </Panel>
          <SamplePanel />
        </div>
      </div>
    </Page>
  );
}

const TONE = { ok: "pine", warn: "ochre", fail: "cinnabar" } as const;

function Checks({ checks }: { checks: Check[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <ul className="checks">
      {checks.map((check) => (
        <li key={check.key}>
          <p className="row spread">
            <strong>{f.label(check.name)}</strong>
            <Chip tone={TONE[check.status]}>{t(`system.status_${check.status}`)}</Chip>
          </p>
          <p className="muted">{f.label(check.detail)}</p>
          {check.way_out && (
            <p>
              {t("ui.way_out")} {f.label(check.way_out)}
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}
