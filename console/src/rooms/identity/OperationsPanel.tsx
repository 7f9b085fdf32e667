import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Checkbox, InputNumber, Modal, Popconfirm } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, must } from "@/api/client";
import { ProblemError } from "@/api/problem";
import type { Customer } from "@/api/types";
import { useMay } from "@/shell/session";
import { Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { SideBySide } from "./SideBySide";

/** On the customer's page: join with another, let identifiers leave, and what was done so far, each to be undone. */
export function OperationsPanel({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const fail = useFail();
  const client = useQueryClient();
  const [open, setOpen] = useState<"merge" | "split" | null>(null);
  const query = useQuery({
    queryKey: ["identity", "operations", customer.id],
    queryFn: () =>
      must(api.GET("/api/v1/identity/operations", { params: { query: { customer: customer.id, limit: 20 } } })),
    enabled: may("identity.read"),
  });
  const refresh = () => {
    void client.invalidateQueries({ queryKey: ["identity"] });
    void client.invalidateQueries({ queryKey: ["customers"] });
  };
  const undo = useMutation({
    mutationFn: (id: number) => must(api.POST("/api/v1/identity/operations/{id}/undo", { params: { path: { id } } })),
    onSuccess: refresh,
    onError: fail,
  });
  if (!may("identity.read")) return null;
  const writes = may("identity.write");
  const acts = writes && (
    <>
      <Button size="small" onClick={() => setOpen("merge")}>
        {t("identity.merge_with")}
      </Button>
      <Button size="small" disabled={customer.identifiers.length < 2} onClick={() => setOpen("split")}>
        {t("identity.split")}
      </Button>
    </>
  );
  const close = () => setOpen(null);
  return (
    <Panel title={t("identity.history")} extra={acts}>
      <QueryView query={query} lines={2}>
        {(data) =>
          data.items.length === 0 ? (
            <p className="muted small">{t("identity.no_history")}</p>
          ) : (
            <ul className="people">
              {data.items.map((one) => (
                <li key={one.id}>
                  <span>
                    {t(`identity.kind_${one.kind}`)}{" "}
                    {one.customer_ids
                      .filter((id) => id !== customer.id)
                      .map((id) => (
                        <Link key={id} to={`/customers/${id}`} className="mono">
                          #{id}{" "}
                        </Link>
                      ))}
                    <span className="small muted">
                      {one.by} · {f.time(one.at)}
                    </span>
                  </span>
                  {one.undone_by ? (
                    <span className="small muted">{t("identity.undone")}</span>
                  ) : (
                    writes &&
                    one.kind !== "undo" && (
                      <Popconfirm title={t("identity.undo_sure")} onConfirm={() => undo.mutate(one.id)}>
                        <Button size="small">{t("identity.undo_this")}</Button>
                      </Popconfirm>
                    )
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
      {open === "merge" && <MergeModal id={customer.id} onClose={close} onDone={refresh} />}
      {open === "split" && <SplitModal customer={customer} onClose={close} onDone={refresh} />}
    </Panel>
  );
}

type ModalProps = { onClose: () => void; onDone: () => void };

function MergeModal({ id, onClose, onDone }: ModalProps & { id: number }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [other, setOther] = useState<number | null>(null);
  const [beyond, setBeyond] = useState(false);
  const merge = useMutation({
    mutationFn: () =>
      must(
        api.POST("/api/v1/identity/merges", {
          body: { customer_ids: [id, other as number], into: id, beyond_limits: beyond },
        }),
      ),
    onSuccess: () => {
      void message.success(t("identity.merged"));
      onDone();
      onClose();
    },
  });
  const isOver = merge.error instanceof ProblemError && merge.error.code === "over_limit";
  return (
    <Modal
      open
      width={680}
      title={t("identity.merge_with")}
      onCancel={onClose}
      onOk={() => merge.mutate()}
      okText={t("identity.accept")}
      okButtonProps={{ disabled: other === null || other === id, loading: merge.isPending }}
    >
      <div className="form">
        {merge.error && <ProblemView error={merge.error} compact />}
        <Field label={t("identity.other_number")} help={t("identity.merge_help", { id })}>
          <InputNumber
            aria-label={t("identity.other_number")}
            min={1}
            precision={0}
            value={other}
            onChange={setOther}
            prefix="#"
          />
        </Field>
        {(isOver || beyond) && (
          <Checkbox checked={beyond} onChange={(event) => setBeyond(event.target.checked)}>
            {t("identity.merge_anyway")}
          </Checkbox>
        )}
        {other !== null && other !== id && <SideBySide ids={[id, other]} />}
      </div>
    </Modal>
  );
}

function SplitModal({ customer, onClose, onDone }: ModalProps & { customer: Customer }) {
  const { t } = useTranslation();
  const f = useFormat();
  const { message } = App.useApp();
  const [chosen, setChosen] = useState<string[]>([]);
  const split = useMutation({
    mutationFn: () =>
      must(
        api.POST("/api/v1/customers/{id}/split", {
          params: { path: { id: customer.id } },
          body: { identifiers: chosen },
        }),
      ),
    onSuccess: () => {
      void message.success(t("identity.was_split"));
      onDone();
      onClose();
    },
  });
  const options = customer.identifiers.map((each) => ({
    value: each.key,
    label: `${f.label(each.namespace_name)} ${each.value ?? each.value_masked}`,
  }));
  return (
    <Modal
      open
      title={t("identity.split")}
      onCancel={onClose}
      onOk={() => split.mutate()}
      okText={t("identity.split_do", { n: chosen.length })}
      okButtonProps={{
        disabled: chosen.length === 0 || chosen.length === options.length,
        loading: split.isPending,
      }}
    >
      <div className="form">
        {split.error && <ProblemView error={split.error} compact />}
        <Field label={t("identity.split_which")} help={t("identity.split_help")}>
          <Checkbox.Group className="column" value={chosen} onChange={setChosen} options={options} />
        </Field>
      </div>
    </Modal>
  );
}
