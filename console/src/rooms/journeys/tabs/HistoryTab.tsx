import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Journey, JourneyHappening } from "@/api/types";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import type { Said } from "../canvas/cards";
import { asDefinition, type Definition } from "../model/definition";
import { Compare } from "../publish/Compare";
import { useHappenings, useVersion, useVersions } from "../queries";

type Props = {
  journey: Journey;
  draft: Definition;
  said: Said;
  titleOf: (id: string) => string;
  onView: (version: number) => void;
};

/** What was published when and by whom, what differs from the draft, and everything that was done. */
export function HistoryTab({ journey, draft, said, titleOf, onView }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const versions = useVersions(journey.id);
  const happenings = useHappenings(journey.id);
  const [compared, setCompared] = useState<number | null>(null);
  return (
    <main className="journey-page">
      <Panel title={t("journeys.versions")} hint={t("journeys.versions_hint")}>
        <QueryView query={versions}>
          {(rows) =>
            rows.length === 0 ? (
              <Empty title={t("journeys.no_versions")} />
            ) : (
              <DataTable
                caption={t("journeys.versions")}
                cards
                rows={rows}
                rowKey={(row) => row.number}
                columns={[
                  {
                    key: "number",
                    title: t("journeys.version"),
                    render: (row) => (
                      <>
                        <button type="button" className="link" onClick={() => onView(row.number)}>
                          {t("journeys.version_n", { n: row.number })}
                        </button>{" "}
                        {row.is_live && <Chip tone="pine">{t("journeys.newcomers_take")}</Chip>}
                      </>
                    ),
                  },
                  { key: "at", title: t("journeys.published_at"), render: (row) => f.time(row.published_at) },
                  { key: "by", title: t("journeys.by"), render: (row) => row.published_by },
                  { key: "note", title: t("journeys.publish_note"), wrap: true, render: (row) => row.note },
                  {
                    key: "flight",
                    title: t("journeys.in_flight_was"),
                    wrap: true,
                    render: (row) =>
                      row.in_flight.rule === "move"
                        ? t("journeys.in_flight_moved", {
                            n: f.count(Number(row.in_flight.moved ?? 0)),
                            left: f.count(Number(row.in_flight.left ?? 0)),
                          })
                        : t("journeys.in_flight_finished"),
                  },
                  {
                    key: "here",
                    title: t("journeys.on_the_way"),
                    align: "right",
                    render: (row) => f.count(row.on_the_way_count),
                  },
                  {
                    key: "act",
                    title: <span className="visually-hidden">{t("journeys.compare")}</span>,
                    render: (row) => (
                      <button
                        type="button"
                        className="link"
                        onClick={() => setCompared(compared === row.number ? null : row.number)}
                      >
                        {t(compared === row.number ? "journeys.compare_close" : "journeys.compare_draft")}
                      </button>
                    ),
                  },
                ]}
              />
            )
          }
        </QueryView>
        {compared !== null && <Against id={journey.id} number={compared} draft={draft} said={said} titleOf={titleOf} />}
      </Panel>
      <Panel title={t("journeys.history")} hint={t("journeys.history_hint")}>
        <QueryView query={happenings}>
          {(rows) => (
            <ol className="jhistory">
              {rows.map((row) => (
                <li key={`${row.at} ${row.what}`}>
                  <span className="num muted">{f.time(row.at)}</span>
                  <b>{row.by}</b>
                  <span>{<Told row={row} titleOf={titleOf} />}</span>
                </li>
              ))}
            </ol>
          )}
        </QueryView>
      </Panel>
    </main>
  );
}

function Against({
  id,
  number,
  draft,
  said,
  titleOf,
}: {
  id: number;
  number: number;
  draft: Definition;
  said: Said;
  titleOf: (id: string) => string;
}) {
  const { t } = useTranslation();
  const version = useVersion(id, number);
  return (
    <QueryView query={version}>
      {(one) => (
        <Compare
          before={asDefinition(one.definition)}
          after={draft}
          said={said}
          beforeName={t("journeys.version_n", { n: number })}
          afterName={t("journeys.draft")}
          titleOf={titleOf}
        />
      )}
    </QueryView>
  );
}

function Told({ row, titleOf }: { row: JourneyHappening; titleOf: (id: string) => string }) {
  const { t } = useTranslation();
  const list = (name: string) => (Array.isArray(row.detail[name]) ? (row.detail[name] as string[]) : []);
  if (row.what !== "drawn") return t(`journeys.did_${row.what}`, { n: row.detail.version, defaultValue: row.what });
  const parts = [
    ...(["added", "removed", "changed"] as const)
      .filter((kind) => list(kind).length > 0)
      .map((kind) => t(`journeys.did_${kind}`, { names: list(kind).map(titleOf).join("、") })),
    ...(list("parts").length
      ? [
          t("journeys.did_parts", {
            names: list("parts")
              .map((part) => t(`journeys.part_${part}`))
              .join("、"),
          }),
        ]
      : []),
  ];
  return parts.join("；");
}
