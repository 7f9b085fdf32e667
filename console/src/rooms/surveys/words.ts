import type { Tone } from "@/ui/Chip";
import type { Status } from "./queries";

export const STATUS_TONE: Record<Status, Tone> = { draft: "plain", live: "pine", closed: "ochre" };
