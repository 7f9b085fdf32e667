import { App, Button, DatePicker, Input, Select } from "antd";
import type { Dayjs } from "dayjs";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { DataTable } from "@/ui/DataTable";
import { Field } from "@/ui/Field";
import { MoreButton } from "@/ui/MoreButton";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { type Mark, type Source, useMarks, usePutMark } from "./queries";

const BY_HAND: Mark["kind"][] = ["way", "scene", "join", "order_source", "profile"];

/** What stands for a source, and since when. A mark that is put elsewhere later counts for this one up to then. */
export function SourceMarks({ source, writes }: { source: Source; writes: boolean }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { message } = App.useApp();
  const { query, rows } = useMarks(source.id);
  const put = usePutMark();
  const [kind, setKind] = useState<Mark["kind"]>("way");
  const [mark, setMark] = useState("");
  const [since, setSince] = useState<Dayjs | null>(null);
  const submit = () =>
    put.mutate(
      { kind, mark: mark.trim(), source_id: source.id, account_id: 0, from_at: since?.toISOString() ?? null },
      {
        onSuccess: (done) => {
          setMark("");
          void message.success(t("acquire.mark_put", { n: f.count(done.retraced_count) }));
        },
      },
    );
  return (
    <section className="acquire-marks" aria-label={t("acquire.marks")}>
      <h3>{t("acquire.marks")}</h3>
      <p className="muted small">{t("acquire.marks_hint")}</p>
      <QueryView query={query} lines={2}>
        {() =>
          rows.length === 0 ? (
            <p className="muted">{t("acquire.no_marks")}</p>
          ) : (
            <>
              <DataTable
                caption={t("acquire.marks")}
                rows={rows}
                rowKey={(row) => row.id}
                columns={[
                  { key: "kind", title: t("acquire.mark_kind"), render: (row) => f.label(row.kind_name) },
                  { key: "mark", title: t("acquire.mark"), wrap: true, render: (row) => <code>{row.mark}</code> },
                  {
                    key: "from",
                    title: t("acquire.since"),
                    render: (row) => (row.from_at ? f.time(row.from_at) : t("acquire.since_ever")),
                  },
                ]}
              />
              <MoreButton query={query} />
            </>
          )
        }
      </QueryView>
      {writes && (
        <div className="acquire-pair">
          <Field label={t("acquire.mark_kind")}>
            <Select
              value={kind}
              onChange={setKind}
              options={BY_HAND.map((value) => ({ value, label: t(`acquire.mark_${value}`) }))}
            />
          </Field>
          <Field label={t("acquire.mark")}>
            <Input value={mark} maxLength={120} onChange={(e) => setMark(e.target.value)} />
          </Field>
          <Field label={t("acquire.since")} help={t("acquire.since_hint")}>
            <DatePicker showTime value={since} onChange={setSince} />
          </Field>
          <Button disabled={!mark.trim()} loading={put.isPending} onClick={submit}>
            {t("acquire.put_mark")}
          </Button>
        </div>
      )}
    </section>
  );
}
