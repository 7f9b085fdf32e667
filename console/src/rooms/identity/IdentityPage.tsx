import { SearchOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { SuggestionState } from "@/api/types";
import { useJob } from "@/rooms/jobs/queries";
import { useMay } from "@/shell/session";
import { Page } from "@/ui/Page";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { BulkAccept } from "./BulkAccept";
import { Conflicts } from "./Conflicts";
import { Inbox } from "./Inbox";
import { useSummary } from "./queries";

const STATES: SuggestionState[] = ["open", "later", "accepted", "rejected", "stale"];
const CONFLICTS = "conflicts";

/** Who is probably one person: the product proposes and says why, a person decides. */
export function IdentityPage() {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const [params, change] = useQueryState();
  const isConflicts = params.get("state") === CONFLICTS;
  const state = STATES.find((each) => each === params.get("state")) ?? "open";
  const conflicts = useQuery({
    queryKey: ["identity", "conflict_count"],
    queryFn: () => must(api.GET("/api/v1/identity/conflicts", { params: { query: { limit: 1 } } })),
  });
  const summary = useSummary();
  const look = summary.data?.last_look;
  const told = look
    ? t("identity.looked", {
        at: f.time(look.ended_at),
        n: f.count(look.record_count),
        pairs: f.count(look.pair_count),
      })
    : t("identity.never_looked");
  return (
    <Page title={t("shell.page_identity")} sub={told} actions={may("identity.write") && <LookNow />}>
      <QueryView query={summary} lines={8}>
        {(data) => (
          <div className="stack">
            <div className="row spread">
              <Segmented
                className="states"
                aria-label={t("identity.states")}
                value={isConflicts ? CONFLICTS : state}
                onChange={(value) => change({ state: value === "open" ? null : value })}
                options={[
                  { value: "open" as string, label: `${t("identity.state_open")} ${f.count(data.counts.open ?? 0)}` },
                  {
                    value: CONFLICTS,
                    label: `${t("identity.state_conflicts")} ${f.count(conflicts.data?.total ?? 0)}`,
                  },
                  ...STATES.slice(1).map((each) => ({
                    value: each as string,
                    label: `${t(`identity.state_${each}`)} ${f.count(data.counts[each] ?? 0)}`,
                  })),
                ]}
              />
              {state === "open" && !isConflicts && may("identity.write") && <BulkAccept reviewed={data.reviewed} />}
            </div>
            {look?.is_tightened && <p className="notice ochre">{t("identity.tightened")}</p>}
            {isConflicts ? <Conflicts /> : <Inbox key={state} state={state} />}
          </div>
        )}
      </QueryView>
    </Page>
  );
}

function LookNow() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const fail = useFail();
  const client = useQueryClient();
  const [job, setJob] = useState<string | null>(null);
  useJob(job, (ended) => {
    setJob(null);
    void client.invalidateQueries({ queryKey: ["identity"] });
    if (ended.status === "done") void message.success(t("identity.look_done", { n: ended.result?.new_count ?? 0 }));
  });
  const start = useMutation({
    mutationFn: () => must(api.POST("/api/v1/identity/suggestions/look")),
    onSuccess: (started) => setJob(started.job_id),
    onError: fail,
  });
  return (
    <Button icon={<SearchOutlined />} onClick={() => start.mutate()} loading={start.isPending || job !== null}>
      {t("identity.look_now")}
    </Button>
  );
}
