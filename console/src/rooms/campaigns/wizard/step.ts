import type { Campaign, CampaignPlan } from "@/api/types";

/** What a person writes of a campaign. */
export type Draft = {
  name: string;
  description: string;
  purpose: Campaign["purpose"];
  priority_fen: number;
  plan: CampaignPlan;
};

export type StepProps = {
  campaign: Campaign;
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  /** The fault of a field of the plan, in words; undefined when there is none. */
  faultOf: (field: string) => string | undefined;
  /** It is no draft any more: to be read, not changed. */
  locked: boolean;
};
