import { PlusOutlined } from "@ant-design/icons";
import { Button, Popconfirm } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import { useMay } from "@/shell/session";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { QueryView } from "@/ui/QueryView";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { useRefreshTeam, useTokens } from "./queries";
import { TokenModal } from "./TokenModal";

export function TokensTab() {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const tokens = useTokens();
  const refresh = useRefreshTeam();
  const fail = useFail();
  const [adding, setAdding] = useState(false);
  const writable = may("team.write");
  const revoke = (id: number) =>
    must(api.DELETE("/api/v1/team/tokens/{id}", { params: { path: { id } } }))
      .then(refresh)
      .catch(fail);
  return (
    <div className="stack">
      <p className="muted">{t("team.tokens_sub")}</p>
      {writable && (
        <div>
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)}>
            {t("team.add_token")}
          </Button>
        </div>
      )}
      <div className="panel">
        <QueryView query={tokens}>
          {(data) =>
            data.items.length === 0 ? (
              <Empty title={t("team.tokens_none")} hint={t("team.tokens_none_hint")} />
            ) : (
              <DataTable
                caption={t("team.tokens")}
                cards
                rows={data.items}
                rowKey={(token) => token.id}
                columns={[
                  { key: "name", title: t("team.token_name"), render: (token) => token.name },
                  { key: "prefix", title: t("team.prefix"), render: (token) => <code>{token.prefix}…</code> },
                  { key: "role", title: t("team.role"), render: (token) => t(`team.role_${token.role}`) },
                  {
                    key: "used",
                    title: t("team.last_used"),
                    render: (token) => (token.last_used_at ? f.time(token.last_used_at) : t("team.never")),
                  },
                  {
                    key: "expires",
                    title: t("team.expires"),
                    render: (token) => (token.expires_at ? f.date(token.expires_at) : t("team.no_expiry")),
                  },
                  {
                    key: "by",
                    title: t("team.created_by"),
                    render: (token) => `${token.created_by} · ${f.date(token.created_at)}`,
                  },
                  {
                    key: "act",
                    title: <span className="visually-hidden">{t("team.revoke")}</span>,
                    render: (token) =>
                      writable && (
                        <Popconfirm
                          title={t("team.revoke_sure", { name: token.name })}
                          okText={t("team.revoke")}
                          cancelText={t("ui.cancel")}
                          okButtonProps={{ danger: true }}
                          onConfirm={() => void revoke(token.id)}
                        >
                          <Button size="small" danger aria-label={t("team.revoke_of", { name: token.name })}>
                            {t("team.revoke")}
                          </Button>
                        </Popconfirm>
                      ),
                  },
                ]}
              />
            )
          }
        </QueryView>
      </div>
      {adding && <TokenModal onClose={() => setAdding(false)} />}
    </div>
  );
}
