import { PlusOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Input, Modal, Popconfirm, Select, Switch } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import type { CarrierAccount, ContactWay } from "@/api/types";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { useStaff } from "./queries";

const TONE = { open: "pine", refused: "cinnabar", closed: "plain" } as Record<string, "pine" | "cinnabar" | "plain">;

/** Live codes of an account: who answers, how many came by each, how many stayed. */
export function WaysPanel({ account }: { account: CarrierAccount }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const fail = useFail();
  const client = useQueryClient();
  const { message } = App.useApp();
  const [making, setMaking] = useState(false);
  const path = { params: { path: { id: account.id } } };
  const query = useQuery({
    queryKey: ["carriers", "ways", account.id],
    queryFn: () => must(api.GET("/api/v1/carriers/accounts/{id}/contact-ways", path)),
  });
  const refresh = () => client.invalidateQueries({ queryKey: ["carriers", "ways", account.id] });
  const take = useMutation({
    mutationFn: () => must(api.POST("/api/v1/carriers/accounts/{id}/contact-ways/import", path)),
    onSuccess: (found) => {
      void message.success(t("carriers.ways_taken", { n: found.new_count, count: found.new_count }));
      void refresh();
    },
    onError: fail,
  });
  const close = useMutation({
    mutationFn: (way: ContactWay) =>
      must(
        api.POST("/api/v1/carriers/accounts/{id}/contact-ways/{way_id}/close", {
          params: { path: { id: account.id, way_id: way.id } },
        }),
      ),
    onSuccess: refresh,
    onError: fail,
  });
  const acts = may("carriers.write") && (
    <>
      <Button onClick={() => take.mutate()} loading={take.isPending}>
        {t("carriers.ways_import")}
      </Button>
      <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>
        {t("carriers.add_way")}
      </Button>
    </>
  );
  return (
    <Panel title={t("carriers.tab_ways")} hint={t("carriers.ways_hint")} extra={acts} flush>
      <QueryView query={query} lines={5}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty title={t("carriers.ways_none")} hint={t("carriers.ways_none_hint")} />
          ) : (
            <DataTable
              caption={t("carriers.tab_ways")}
              cards
              rows={data.items}
              rowKey={(row) => row.id}
              columns={[
                { key: "name", title: t("carriers.way_name"), wrap: true, render: (row) => row.name },
                { key: "state", title: t("carriers.state"), render: (row) => <code>{row.state}</code> },
                {
                  key: "status",
                  title: t("carriers.outcome"),
                  render: (row) => (
                    <Chip tone={TONE[row.status] ?? ("plain" as const)}>
                      {t(`carriers.way_${row.status}`, { defaultValue: row.status })}
                    </Chip>
                  ),
                },
                { key: "staff", title: t("carriers.staff"), wrap: true, render: (row) => row.staff.join("、") },
                {
                  key: "added",
                  title: t("carriers.added"),
                  align: "right",
                  render: (row) => (
                    <Link to={`/relations?state=${encodeURIComponent(row.state)}`}>{f.count(row.added_count)}</Link>
                  ),
                },
                {
                  key: "open",
                  title: t("carriers.still_open"),
                  align: "right",
                  render: (row) => f.count(row.open_count),
                },
                {
                  key: "code",
                  title: t("carriers.code"),
                  render: (row) =>
                    row.qr_code && (
                      <a
                        href={row.qr_code}
                        target="_blank"
                        rel="noreferrer"
                        aria-label={t("carriers.see_code_of", { name: row.name })}
                      >
                        {t("carriers.see_code")}
                      </a>
                    ),
                },
                {
                  key: "act",
                  title: <span className="visually-hidden">{t("carriers.close_way")}</span>,
                  render: (row) =>
                    may("carriers.write") && row.status === "open" ? (
                      <Popconfirm
                        title={t("carriers.close_way_ask", { name: row.name })}
                        okText={t("carriers.close_way")}
                        cancelText={t("ui.cancel")}
                        onConfirm={() => close.mutate(row)}
                      >
                        <Button size="small" danger aria-label={t("carriers.close_way_of", { name: row.name })}>
                          {t("carriers.close_way")}
                        </Button>
                      </Popconfirm>
                    ) : (
                      " "
                    ),
                },
              ]}
            />
          )
        }
      </QueryView>
      {making && (
        <WayEditor
          account={account}
          onClose={() => setMaking(false)}
          onMade={() => {
            setMaking(false);
            void refresh();
          }}
        />
      )}
    </Panel>
  );
}

function WayEditor({ account, onClose, onMade }: { account: CarrierAccount; onClose: () => void; onMade: () => void }) {
  const { t } = useTranslation();
  const staff = useStaff(account.id);
  const [name, setName] = useState("");
  const [state, setState] = useState("");
  const [who, setWho] = useState<string[]>([]);
  const [skip, setSkip] = useState(true);
  const save = useMutation({
    mutationFn: () =>
      must(
        api.POST("/api/v1/carriers/accounts/{id}/contact-ways", {
          params: { path: { id: account.id } },
          body: { name: name.trim(), state: state.trim() || null, staff: who, departments: [], skip_verify: skip },
        }),
      ),
    onSuccess: onMade,
  });
  const options = (staff.data?.items ?? []).map((one) => ({ value: one.userid, label: `${one.name} · ${one.userid}` }));
  return (
    <Modal
      open
      title={t("carriers.add_way")}
      onCancel={onClose}
      onOk={() => save.mutate()}
      okText={t("carriers.add_way")}
      cancelText={t("ui.cancel")}
      okButtonProps={{ loading: save.isPending, disabled: !name.trim() || who.length === 0 }}
    >
      <div className="form">
        {save.error && <ProblemView error={save.error} compact />}
        <Field label={t("carriers.way_name")} help={t("carriers.way_name_help")}>
          <Input value={name} maxLength={80} onChange={(e) => setName(e.target.value)} />
        </Field>
        <Field label={t("carriers.state")} help={t("carriers.state_help")}>
          <Input value={state} maxLength={30} onChange={(e) => setState(e.target.value)} />
        </Field>
        <Field label={t("carriers.way_staff")} help={t("carriers.way_staff_help")}>
          <Select mode="tags" value={who} onChange={setWho} options={options} aria-label={t("carriers.way_staff")} />
        </Field>
        <Field label={t("carriers.skip_verify")} help={t("carriers.skip_verify_help")}>
          <span>
            <Switch checked={skip} onChange={setSkip} aria-label={t("carriers.skip_verify")} />
          </span>
        </Field>
      </div>
    </Modal>
  );
}
