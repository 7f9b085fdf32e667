import { useQuery } from "@tanstack/react-query";
import { Checkbox, Modal, Select, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "@/api/client";
import { Field } from "@/ui/Field";
import { useRedeemPage } from "./queries";

/** A page on which a member of staff redeems codes on their phone. */
export function RedeemPageModal({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [picked, setPicked] = useState<number>();
  const [tell, setTell] = useState(true);
  const staff = useQuery({
    queryKey: ["offers", "staff"],
    queryFn: () => must(api.GET("/api/v1/team/staff", { params: { query: { status: "active", limit: 200 } } })),
  });
  const make = useRedeemPage();
  const items = staff.data?.items ?? [];
  const one = items.find((each) => each.id === picked);
  return (
    <Modal
      open
      title={t("offers.redeem_page")}
      onCancel={onClose}
      okText={t("offers.make_page")}
      okButtonProps={{ disabled: !one, loading: make.isPending }}
      onOk={() => one && make.mutate({ account_id: one.account_id, staff: one.userid, tell })}
    >
      <div className="form">
        <p className="muted">{t("offers.redeem_page_hint")}</p>
        <Field label={t("offers.staff")}>
          <Select
            showSearch={{ optionFilterProp: "label" }}
            aria-label={t("offers.staff")}
            placeholder={t("offers.choose")}
            value={picked}
            onChange={setPicked}
            options={items.map((each) => ({
              value: each.id,
              label: [each.name, each.store_name].filter(Boolean).join(" · "),
            }))}
            loading={staff.isFetching}
          />
        </Field>
        <Checkbox checked={tell} onChange={(e) => setTell(e.target.checked)}>
          {t("offers.tell_staff")}
        </Checkbox>
        {make.data && (
          <p role="status">
            {t(make.data.told ? "offers.told" : "offers.not_told")}{" "}
            <Typography.Text copyable code style={{ overflowWrap: "anywhere" }}>
              {make.data.url}
            </Typography.Text>
          </p>
        )}
      </div>
    </Modal>
  );
}
