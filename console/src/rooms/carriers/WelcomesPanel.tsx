import { PlusOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Popconfirm } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import type { CarrierAccount, WelcomeInfo } from "@/api/types";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { Empty } from "@/ui/Empty";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { PhonePreview } from "./PhonePreview";
import { useWelcomes } from "./queries";
import { WelcomeEditor } from "./WelcomeEditor";
import { contentOf } from "./welcome";

/** Greetings of an account: the one that names a live code comes before the one for staff, before the one for all. */
export function WelcomesPanel({ account }: { account: CarrierAccount }) {
  const { t } = useTranslation();
  const may = useMay();
  const welcomes = useWelcomes(account.id);
  const [editing, setEditing] = useState<WelcomeInfo | "new" | null>(null);
  const add = may("carriers.write") && (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setEditing("new")}>
      {t("carriers.add_welcome")}
    </Button>
  );
  return (
    <Panel title={t("carriers.welcomes")} hint={t("carriers.welcomes_hint")} extra={add}>
      <QueryView query={welcomes} lines={4}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty title={t("carriers.welcomes_none")} hint={t("carriers.welcomes_none_hint")} />
          ) : (
            <ul className="welcome-cards">
              {data.items.map((welcome) => (
                <li key={welcome.id}>
                  <WelcomeCard account={account} welcome={welcome} onEdit={() => setEditing(welcome)} />
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
      {editing && (
        <WelcomeEditor
          account={account}
          welcome={editing === "new" ? null : editing}
          onClose={() => setEditing(null)}
        />
      )}
    </Panel>
  );
}

function WelcomeCard({
  account,
  welcome,
  onEdit,
}: {
  account: CarrierAccount;
  welcome: WelcomeInfo;
  onEdit: () => void;
}) {
  const { t } = useTranslation();
  const may = useMay();
  const fail = useFail();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      must(
        api.DELETE("/api/v1/carriers/accounts/{account_id}/welcomes/{welcome_id}", {
          params: { path: { account_id: account.id, welcome_id: welcome.id } },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ["carriers", "welcomes", account.id] }),
    onError: fail,
  });
  const whom = [
    ...welcome.states.map((state) => t("carriers.for_state", { state })),
    ...welcome.staff.map((staff) => t("carriers.for_staff", { staff })),
  ];
  return (
    <article className="welcome-card" aria-label={welcome.name}>
      <div className="row spread">
        <strong>{welcome.name}</strong>
        <Chip tone={welcome.active ? "pine" : "plain"}>
          {t(welcome.active ? "carriers.in_use" : "carriers.not_in_use")}
        </Chip>
      </div>
      <p className="chips">
        {whom.length === 0 ? (
          <Chip>{t("carriers.for_all")}</Chip>
        ) : (
          whom.map((one) => (
            <Chip key={one} tone="indigo">
              {one}
            </Chip>
          ))
        )}
      </p>
      <PhonePreview content={contentOf(welcome.content)} small />
      {may("carriers.write") && (
        <div className="row">
          <Button size="small" onClick={onEdit} aria-label={t("carriers.edit_of", { name: welcome.name })}>
            {t("ui.edit")}
          </Button>
          {welcome.active && (
            <Popconfirm
              title={t("carriers.remove_welcome")}
              okText={t("carriers.stop_using")}
              cancelText={t("ui.cancel")}
              onConfirm={() => remove.mutate()}
            >
              <Button size="small" danger aria-label={t("carriers.stop_using_of", { name: welcome.name })}>
                {t("carriers.stop_using")}
              </Button>
            </Popconfirm>
          )}
        </div>
      )}
    </article>
  );
}
