import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, must } from "@/api/client";
import type { Campaign } from "@/api/types";
import { isLive, useJob } from "@/rooms/jobs/queries";
import { path } from "./queries";

/** A dry run of what is saved: asked for, followed, and then read with the campaign. */
export function useForecast(campaign: Campaign, flush: () => Promise<boolean>) {
  const client = useQueryClient();
  const [job, setJob] = useState<string | null>(null);
  const running = useJob(job, () => {
    void client.invalidateQueries({ queryKey: ["campaigns", "one", campaign.id] });
  });
  const ask = useMutation({
    mutationFn: async () => {
      if (!(await flush())) return null;
      return (await must(api.POST("/api/v1/campaigns/{campaign_id}/forecast", path(campaign.id)))).job_id;
    },
    onSuccess: setJob,
  });
  const failed = running.data?.status === "failed" ? running.data : null;
  return {
    ask: () => ask.mutate(),
    error: ask.error,
    failed,
    busy: ask.isPending || (job !== null && (!running.data || isLive(running.data))),
  };
}
