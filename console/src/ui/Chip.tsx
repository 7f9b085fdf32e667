import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { JobStatus, Stage } from "@/api/types";

export type Tone = "plain" | "pine" | "ochre" | "cinnabar" | "indigo";

export const Chip = ({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) => (
  <span className={`chip ${tone}`}>{children}</span>
);

const STAGE_TONE: Record<Stage, Tone> = {
  prospect: "plain",
  new: "indigo",
  active: "pine",
  slowing: "ochre",
  at_risk: "ochre",
  dormant: "plain",
  lost: "cinnabar",
};

export function StageChip({ stage }: { stage: string | null }) {
  const { t } = useTranslation();
  if (!stage) return <span className="muted">–</span>;
  return <Chip tone={STAGE_TONE[stage as Stage]}>{t(`segments.stage_${stage}`)}</Chip>;
}

const STATUS_TONE: Record<JobStatus, Tone> = {
  queued: "plain",
  running: "indigo",
  done: "pine",
  failed: "cinnabar",
  cancelled: "plain",
};

export function StatusChip({ status }: { status: JobStatus }) {
  const { t } = useTranslation();
  return <Chip tone={STATUS_TONE[status]}>{t(`jobs.status_${status}`)}</Chip>;
}
