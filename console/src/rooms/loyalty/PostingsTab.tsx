import { Button, Drawer, Input, Modal, Select } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import { useMay } from "@/shell/session";
import { Chip, type Tone } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Field } from "@/ui/Field";
import { MoreButton } from "@/ui/MoreButton";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { PeopleTable } from "./PeopleTable";
import { newRef, type Posting, type PostingKind, useAct, usePostingPeople, usePostings } from "./queries";

const TONE: Record<PostingKind, Tone> = { grant: "pine", spend: "indigo", expire: "plain", reverse: "ochre" };

/** Every act on points, the latest first; a click shows its people. */
export function PostingsTab({ action }: { action: ReactNode }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const [params, change] = useQueryState();
  const kind = (params.get("kind") as PostingKind | null) ?? undefined;
  const { query, rows } = usePostings(kind);
  const [shown, show] = useState<Posting | null>(null);
  const [back, setBack] = useState<Posting | null>(null);
  const filter = (
    <Select
      allowClear
      aria-label={t("loyalty.kind")}
      placeholder={t("loyalty.kind")}
      value={kind}
      onChange={(value) => change({ kind: value ?? null }, true)}
      options={Object.keys(TONE).map((value) => ({ value, label: t(`loyalty.kind_${value}`) }))}
      style={{ minWidth: 112 }}
    />
  );
  return (
    <Panel title={t("loyalty.tab_postings")} hint={t("loyalty.postings_hint")} extra={filter} flush>
      <QueryView query={query} lines={8}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t("loyalty.no_postings")} hint={t("loyalty.no_postings_hint")} action={action} />
          ) : (
            <>
              <DataTable
                caption={t("loyalty.tab_postings")}
                cards
                rows={rows}
                rowKey={(row) => row.id}
                columns={[
                  {
                    key: "kind",
                    title: t("loyalty.kind"),
                    render: (row) => <Chip tone={TONE[row.kind]}>{t(`loyalty.kind_${row.kind}`)}</Chip>,
                  },
                  {
                    key: "reason",
                    title: t("loyalty.reason"),
                    wrap: true,
                    render: (row) => (
                      <>
                        {row.reason}
                        {row.taken_back > 0 && (
                          <p className="muted small">{t("loyalty.was_taken_back", { n: f.count(row.taken_back) })}</p>
                        )}
                      </>
                    ),
                  },
                  {
                    key: "people",
                    title: t("loyalty.people_count"),
                    align: "right",
                    render: (row) => (
                      <button type="button" className="plain link num" onClick={() => show(row)}>
                        {f.count(row.people)}
                      </button>
                    ),
                  },
                  { key: "points", title: t("loyalty.points"), align: "right", render: (row) => f.count(row.points) },
                  { key: "at", title: t("loyalty.at"), render: (row) => f.time(row.at) },
                  { key: "by", title: t("loyalty.by"), render: (row) => row.by },
                  {
                    key: "act",
                    title: <span className="visually-hidden">{t("loyalty.take_back")}</span>,
                    render: (row) =>
                      may("loyalty.write") &&
                      (row.kind === "grant" || row.kind === "spend") &&
                      row.taken_back < row.points ? (
                        <Button size="small" onClick={() => setBack(row)}>
                          {t("loyalty.take_back")}
                        </Button>
                      ) : (
                        " "
                      ),
                  },
                ]}
              />
              <MoreButton query={query} />
            </>
          )
        }
      </QueryView>
      <Drawer open={!!shown} onClose={() => show(null)} title={shown?.reason} size={520}>
        {shown && <People posting={shown} />}
      </Drawer>
      {back && <TakeBack posting={back} onClose={() => setBack(null)} />}
    </Panel>
  );
}

function People({ posting }: { posting: Posting }) {
  const { t } = useTranslation();
  const { query, rows } = usePostingPeople(posting.id);
  return (
    <div className="stack">
      <p className="muted small num">{posting.ref}</p>
      <QueryView query={query} lines={6}>
        {() => (
          <>
            <PeopleTable rows={rows} caption={t("loyalty.people_of")} heading={t("loyalty.points")} />
            <MoreButton query={query} />
          </>
        )}
      </QueryView>
    </div>
  );
}

function TakeBack({ posting, onClose }: { posting: Posting; onClose: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const [ref] = useState(newRef);
  const [reason, setReason] = useState("");
  const [told, setTold] = useState<string | null>(null);
  const act = useAct(async () => {
    const posted = await must(
      api.POST("/api/v1/loyalty/points/postings/{posting_id}/reverse", {
        params: { path: { posting_id: posting.id } },
        body: { reason: reason.trim(), ref },
      }),
    );
    const refused = posted.refused.map((one) => `${f.label(one.name)} ${f.count(one.customer_ids.length)}`);
    setTold([t("loyalty.taken_back", { n: f.count(posted.done.length) }), ...refused].join(" · "));
  });
  return (
    <Modal
      open
      title={t("loyalty.take_back_title", { reason: posting.reason })}
      onCancel={onClose}
      cancelText={t(told ? "ui.close" : "ui.cancel")}
      onOk={() => act.mutate(undefined)}
      okText={t("loyalty.take_back")}
      okButtonProps={{ disabled: !reason.trim() || !!told, loading: act.isPending, danger: true }}
    >
      <div className="form">
        <p>{t(`loyalty.take_back_${posting.kind}`)}</p>
        <Field label={t("loyalty.reason")}>
          <Input value={reason} maxLength={200} onChange={(e) => setReason(e.target.value)} />
        </Field>
        {told && <p role="status">{told}</p>}
      </div>
    </Modal>
  );
}
