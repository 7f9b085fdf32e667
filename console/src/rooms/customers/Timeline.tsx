import { Checkbox } from "antd";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { TimelineEntry, TimelineKind } from "@/api/types";
import { Empty } from "@/ui/Empty";
import { MoreButton } from "@/ui/MoreButton";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useCursorList } from "@/ui/useCursorList";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";

const KINDS: TimelineKind[] = ["order", "event", "tag", "segment", "profile"];

/** Everything that happened with this person, newest first. */
export function Timeline({ id }: { id: number }) {
  const { t } = useTranslation();
  const [params, change] = useQueryState();
  const kinds =
    params
      .get("kinds")
      ?.split(",")
      .filter((k): k is TimelineKind => KINDS.includes(k as TimelineKind)) ?? KINDS;
  const wanted = kinds.length === KINDS.length ? undefined : kinds.join(",");
  const { query, rows } = useCursorList(["customers", "timeline", id, wanted ?? "all"], (cursor) =>
    must(
      api.GET("/api/v1/customers/{id}/timeline", {
        params: { path: { id }, query: { kinds: wanted, cursor, limit: 40 } },
      }),
    ),
  );
  const filter = (
    <Checkbox.Group
      aria-label={t("customers.timeline_kinds")}
      value={kinds}
      onChange={(next) =>
        change({ kinds: next.length === 0 || next.length === KINDS.length ? null : next.join(",") }, true)
      }
      options={KINDS.map((kind) => ({ value: kind, label: t(`customers.kind_${kind}`) }))}
    />
  );
  return (
    <Panel title={t("customers.timeline")} extra={filter}>
      <QueryView query={query} lines={8}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("customers.timeline_none")} />
          ) : (
            <ol className="timeline">
              {rows.map((entry, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: entries have no identity and are only appended
                <Entry key={index} entry={entry} />
              ))}
            </ol>
          )
        }
      </QueryView>
      <MoreButton query={query} />
    </Panel>
  );
}

function Entry({ entry }: { entry: TimelineEntry }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <li className={entry.kind}>
      <p className="row spread">
        <span>
          <span className="visually-hidden">{t(`customers.kind_${entry.kind}`)}: </span>
          <strong>{f.label(entry.title)}</strong>
        </span>
        {entry.amount_fen != null && (
          <span className={entry.amount_fen < 0 ? "num loss" : "num"}>{f.money(entry.amount_fen)}</span>
        )}
      </p>
      <p className="small muted num">{f.time(entry.at)}</p>
      {entry.detail && <p className="small">{f.label(entry.detail)}</p>}
      {entry.lines && entry.lines.length > 0 && (
        <details>
          <summary className="small">
            {t("customers.lines", { n: entry.lines.length, count: entry.lines.length })}
          </summary>
          <ul className="lines">
            {entry.lines.map((line, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: an order may hold the same product twice
              <li key={index} className="small">
                <span>{line.name || line.sku}</span>
                <span className="num muted">× {f.count(line.quantity)}</span>
                <span className="num">{f.money(line.amount_fen)}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </li>
  );
}
