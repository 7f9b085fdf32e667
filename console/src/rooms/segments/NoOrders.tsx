import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { NoOrders as Said } from "@/api/types";
import { useMay } from "@/shell/session";
import { Empty } from "@/ui/Empty";
import { useFormat } from "@/ui/useFormat";

/** A report about nobody: why there is nothing, in the words of the API, and the way to the imports. */
export function NoOrders({ said }: { said: Said }) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  return (
    <Empty
      title={f.label(said.message)}
      hint={f.label(said.way_out)}
      action={
        may("imports.write") && (
          <Link to="/imports" className="primary-link">
            {t("shell.sample_import")}
          </Link>
        )
      }
    />
  );
}
