import { DownOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Checkbox, Dropdown, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { View } from "@/api/types";
import { Field } from "@/ui/Field";
import { useFail } from "@/ui/useFail";
import { DEFAULT_SORT, fromView, type ListState, matchesView } from "./address";
import { useViews } from "./queries";

type Props = { state: ListState; go: (next: Partial<ListState>) => void; shown: string[] };

/** Saved views: mine and shared ones; what the list shows can be kept under a name. */
export function ViewPicker({ state, go, shown }: Props) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const views = useViews();
  const client = useQueryClient();
  const fail = useFail();
  const [naming, setNaming] = useState(false);
  const list = views.data?.items ?? [];
  const current = list.find((view) => view.id === state.view);
  const changed = current ? !matchesView(state, current) : false;
  const body = { q: state.q, filter: state.filter, sort: state.sort, columns: shown };
  const refresh = () => client.invalidateQueries({ queryKey: ["customers", "views"] });
  const run = (act: () => Promise<unknown>) =>
    void act()
      .then(() => {
        void message.success(t("ui.saved"));
        return refresh();
      })
      .catch(fail);
  const entry = (view: View) => ({
    key: String(view.id),
    label: `${view.name}${view.shared ? ` · ${t("customers.view_shared")}` : ""}`,
    onClick: () => go(fromView(view)),
  });
  const items = [
    {
      key: "all",
      label: t("customers.view_all"),
      onClick: () => go({ q: "", filter: null, segment: null, sort: DEFAULT_SORT, columns: null, view: null }),
    },
    ...list.map(entry),
    { type: "divider" as const },
    ...(current?.mine && changed
      ? [
          {
            key: "update",
            label: t("customers.view_update", { name: current.name }),
            onClick: () =>
              run(() =>
                must(api.PATCH("/api/v1/customers/views/{id}", { params: { path: { id: current.id } }, body })),
              ),
          },
        ]
      : []),
    { key: "save", label: t("customers.view_save"), onClick: () => setNaming(true) },
    ...(current?.mine
      ? [
          {
            key: "delete",
            danger: true,
            label: t("customers.view_delete", { name: current.name }),
            onClick: () =>
              run(() =>
                must(api.DELETE("/api/v1/customers/views/{id}", { params: { path: { id: current.id } } })).then(() =>
                  go({ view: null }),
                ),
              ),
          },
        ]
      : []),
  ];
  return (
    <>
      <Dropdown menu={{ items, selectedKeys: [String(state.view ?? "all")] }} trigger={["click"]}>
        <Button>
          {current ? current.name + (changed ? " *" : "") : t("customers.views")} <DownOutlined />
        </Button>
      </Dropdown>
      {naming && (
        <NameView
          onClose={() => setNaming(false)}
          onSave={(name, shared) =>
            run(async () => {
              const saved = await must(api.POST("/api/v1/customers/views", { body: { ...body, name, shared } }));
              setNaming(false);
              go({ view: saved.id });
            })
          }
        />
      )}
    </>
  );
}

function NameView({ onClose, onSave }: { onClose: () => void; onSave: (name: string, shared: boolean) => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  return (
    <Modal
      open
      title={t("customers.view_save")}
      onCancel={onClose}
      onOk={() => onSave(name.trim(), shared)}
      okText={t("ui.save")}
      okButtonProps={{ disabled: !name.trim() }}
    >
      <div className="form">
        <Field label={t("customers.view_name")}>
          <Input autoFocus maxLength={60} value={name} onChange={(e) => setName(e.target.value)} />
        </Field>
        <Checkbox checked={shared} onChange={(e) => setShared(e.target.checked)}>
          {t("customers.view_share")}
        </Checkbox>
      </div>
    </Modal>
  );
}
