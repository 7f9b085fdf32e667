import { PlusOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { TraitRow } from "@/api/types";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { DataTable } from "@/ui/DataTable";
import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useTraits } from "./queries";
import { SmallSpread } from "./Spread";

const STATUS_TONE: Record<string, "pine" | "indigo" | "cinnabar"> = {
  ready: "pine",
  computing: "indigo",
  invalid: "cinnabar",
};

export function TraitsPage() {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const traits = useTraits();
  const make = may("segments.write") && (
    <Link to="/traits/new" className="primary-link">
      <PlusOutlined /> {t("traits.new")}
    </Link>
  );
  const sub =
    traits.data &&
    t("traits.sub", { count: f.count(traits.data.items.length) as never, limit: f.count(traits.data.limit) });
  return (
    <Page title={t("shell.page_traits")} sub={sub} actions={make}>
      <div className="panel">
        <QueryView query={traits}>
          {(data) =>
            data.items.length === 0 ? (
              <Empty title={t("traits.none")} hint={t("traits.none_hint")} action={make} />
            ) : (
              <TraitTable rows={data.items} />
            )
          }
        </QueryView>
      </div>
    </Page>
  );
}

function TraitTable({ rows }: { rows: TraitRow[] }) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <DataTable
      caption={t("shell.page_traits")}
      cards
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        {
          key: "name",
          title: t("traits.name"),
          wrap: true,
          render: (row) => (
            <>
              <Link to={`/traits/${row.id}`}>{row.name}</Link>
              <p className="muted small">{f.label(row.sentence)}</p>
            </>
          ),
        },
        { key: "type", title: t("traits.type"), render: (row) => row.type && t(`traits.type_${row.type}`) },
        {
          key: "known",
          title: t("traits.known"),
          align: "right",
          render: (row) => f.count(row.distribution?.known_count),
        },
        {
          key: "spread",
          title: t("traits.spread"),
          render: (row) => row.distribution && <SmallSpread spread={row.distribution} />,
        },
        { key: "used", title: t("traits.used"), align: "right", render: (row) => f.count(row.used_count) },
        {
          key: "status",
          title: t("segments.status"),
          render: (row) => <Chip tone={STATUS_TONE[row.status]}>{t(`segments.status_${row.status}`)}</Chip>,
        },
        {
          key: "computed",
          title: t("segments.computed"),
          render: (row) => <span className="muted">{f.time(row.computed_at)}</span>,
        },
      ]}
    />
  );
}
