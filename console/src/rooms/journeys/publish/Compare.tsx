import { useTranslation } from "react-i18next";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import type { Said } from "../canvas/cards";
import type { Definition, StepNode } from "../model/definition";
import { differences } from "../model/differences";

type Props = {
  before: Definition;
  after: Definition;
  said: Said;
  beforeName: string;
  afterName: string;
  titleOf: (id: string) => string;
};

const TONE = { added: "pine", removed: "cinnabar", changed: "ochre" } as const;

/** Two versions side by side: only what differs. */
export function Compare({ before, after, said, beforeName, afterName, titleOf }: Props) {
  const { t } = useTranslation();
  const { steps, parts } = differences(before, after);
  const name = (node: StepNode | undefined) => (node ? said.stepLabel(said.steps.get(node.step), node.step) : "–");
  const rows = [
    ...parts.map((part) => ({
      key: part as string,
      what: t(`journeys.part_${part}`),
      kind: "changed" as const,
      old: partText(before, part),
      now: partText(after, part),
    })),
    ...steps.map(({ id, kind }) => ({
      key: id,
      what: after.nodes[id] ? titleOf(id) : name(before.nodes[id]),
      kind,
      old: settingsText(before.nodes[id]),
      now: settingsText(after.nodes[id]),
    })),
  ];
  if (rows.length === 0) return <p className="muted">{t("journeys.no_differences")}</p>;
  return (
    <DataTable
      caption={t("journeys.compare")}
      cards
      rows={rows}
      rowKey={(row) => row.key}
      columns={[
        { key: "what", title: t("journeys.what"), wrap: true, render: (row) => row.what },
        {
          key: "kind",
          title: t("journeys.change"),
          render: (row) => <Chip tone={TONE[row.kind]}>{t(`journeys.change_${row.kind}`)}</Chip>,
        },
        { key: "old", title: beforeName, wrap: true, render: (row) => <code className="jcode">{row.old}</code> },
        { key: "now", title: afterName, wrap: true, render: (row) => <code className="jcode">{row.now}</code> },
      ]}
    />
  );
}

function partText(definition: Definition, part: keyof Definition): string {
  const value = definition[part];
  return value === undefined || value === null ? "–" : short(value);
}

function settingsText(node: StepNode | undefined): string {
  if (!node) return "–";
  const ways = Object.entries(node.to ?? {}).map(([edge, to]) => `${edge}→${to ?? "∎"}`);
  return [short(node.with ?? {}), ...ways].join("  ");
}

const short = (value: unknown): string =>
  (typeof value === "object" ? JSON.stringify(value) : String(value)).replaceAll('"', "").slice(0, 240);
