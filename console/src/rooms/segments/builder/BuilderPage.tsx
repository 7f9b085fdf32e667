import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams, useSearchParams } from "react-router";
import { api, must } from "@/api/client";
import { parseRule } from "@/rooms/customers/address";
import { Loading } from "@/ui/Loading";
import { ProblemView } from "@/ui/ProblemView";
import { Builder } from "./Builder";
import { draftOf, emptyDraft } from "./useDraft";

export function BuilderPage() {
  const { t } = useTranslation();
  const { id } = useParams();
  const [params] = useSearchParams();
  const number = id ? Number(id) : null;
  const segment = useQuery({
    queryKey: ["segments", "one", number],
    queryFn: () =>
      must(api.GET("/api/v1/segments/{segment_id}", { params: { path: { segment_id: number as number } } })),
    enabled: number !== null,
    refetchInterval: (query) => (query.state.data?.status === "computing" ? 1500 : false),
  });
  const asked = params.get("filter");
  const [round, setRound] = useState(0);
  const reload = () => void segment.refetch().then(() => setRound((n) => n + 1));
  const first = useMemo(
    () => (segment.data ? draftOf(segment.data) : emptyDraft(parseRule(asked))),
    [segment.data, asked],
  );
  if (number !== null && !segment.data) {
    return (
      <main className="alone">
        <h1>{t("shell.page_segments")}</h1>
        {segment.error ? <ProblemView error={segment.error} retry={() => void segment.refetch()} /> : <Loading />}
        <p>
          <Link to="/segments">{t("segments.back")}</Link>
        </p>
      </main>
    );
  }
  return <Builder key={`${number ?? "new"}.${round}`} segment={segment.data ?? null} first={first} onReload={reload} />;
}
