import { Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { CsvButton } from "@/ui/CsvButton";
import { reportCsv } from "@/ui/download";
import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";
import { Panel } from "@/ui/Panel";
import { QueryView } from "@/ui/QueryView";
import { useFormat } from "@/ui/useFormat";
import { useQueryState } from "@/ui/useQueryState";
import { type Behind, BucketPeople } from "./BucketPeople";
import { ofHundred } from "./hundred";
import { Period, usePeriod } from "./Period";
import { useWaste } from "./queries";
import { SourceSplits } from "./SourceSplits";
import { SplitBar } from "./SplitBar";
import { BUCKETS, type Bucket, type Waste } from "./shapes";
import { useSourceName } from "./words";

export function WastePage() {
  const { t } = useTranslation();
  const { from, to } = usePeriod();
  const [params, change] = useQueryState();
  const sourceId = Number(params.get("source")) || undefined;
  const query = useWaste(from, to, sourceId);
  const whole = useWaste(from, to, undefined);
  const name = useSourceName();
  const [behind, setBehind] = useState<Behind | null>(null);
  const actions = (
    <>
      <Select
        allowClear
        showSearch={{ optionFilterProp: "label" }}
        aria-label={t("returns.source")}
        placeholder={t("returns.all_sources")}
        value={sourceId}
        onChange={(id) => change({ source: id ? String(id) : null })}
        options={(whole.data?.by_source ?? []).map((one) => ({ value: one.source_id, label: name(one) }))}
        style={{ minWidth: 132 }}
      />
      <Period shown={query.data} />
      <CsvButton
        href={reportCsv("/measurement/acquisition/waste", { from, to, source_id: sourceId ? String(sourceId) : null })}
      />
    </>
  );
  return (
    <Page title={t("shell.page_waste")} sub={t("returns.waste_sub")} actions={actions}>
      <QueryView query={query} lines={10} height={520}>
        {(waste) =>
          waste.total_fen <= 0 ? (
            <Empty
              title={t("returns.no_spend")}
              hint={t("returns.no_spend_hint")}
              action={<Link to="/spend">{t("returns.to_spend")}</Link>}
            />
          ) : (
            <div className="stack">
              <Picture waste={waste} open={(bucket) => setBehind({ bucket, sourceId })} />
              {waste.by_source.length > 0 && (
                <SourceSplits waste={waste} open={(bucket, id) => setBehind({ bucket, sourceId: id })} />
              )}
            </div>
          )
        }
      </QueryView>
      {behind && query.data && (
        <BucketPeople behind={behind} from={query.data.from_on} to={query.data.to_on} onClose={() => setBehind(null)} />
      )}
    </Page>
  );
}

type PictureProps = { waste: Waste; open: (bucket: Bucket) => void };

/** Where a hundred yuan went: one sentence, one bar, one line a bucket. Every one of them opens the people behind it. */
function Picture({ waste, open }: PictureProps) {
  const { t } = useTranslation();
  const f = useFormat();
  const rows = BUCKETS.map((bucket) => waste.buckets.find((one) => one.bucket === bucket)).filter(
    (one) => one !== undefined,
  );
  const yuan = ofHundred(rows.map((one) => one.amount_fen));
  const of = (...names: Bucket[]) =>
    rows.reduce((sum, one, at) => (names.includes(one.bucket) ? sum + yuan[at]! : sum), 0);
  const back = of("paid_back");
  const way = of("on_the_way");
  const dark = (bucket: Bucket) => bucket === "anyway" && waste.known_anyway_fen === 0;
  const said = (n: number, fen: number) => (n === 0 && fen > 0 ? t("returns.under_a_yuan") : f.count(n));
  return (
    <Panel className="waste">
      <p className="waste-said">
        {t("returns.said", { total: f.moneyShort(waste.total_fen) })}
        <strong className="pine">{t("returns.said_back", { n: back })}</strong>
        <strong className="way">{t("returns.said_way", { n: way })}</strong>
        <strong className="loss">{t("returns.said_gone", { n: 100 - back - way })}</strong>
      </p>
      <SplitBar parts={rows.map((one, at) => ({ ...one, yuan: yuan[at]! }))} open={open} />
      <p className="muted small waste-per">{t("returns.of_hundred")}</p>
      <ul className="split-list">
        {rows.map((one, at) => (
          <li key={one.bucket}>
            <button type="button" className="plain" onClick={() => open(one.bucket)} disabled={one.amount_fen === 0}>
              <i className={`b-${one.bucket}`} aria-hidden="true" />
              <strong className="num split-yuan">
                {dark(one.bucket) ? t("returns.not_known") : t("returns.yuan", { n: said(yuan[at]!, one.amount_fen) })}
              </strong>
              <span className="split-words">
                <strong>{t(`returns.b_${one.bucket}`)}</strong>{" "}
                <span className="muted">{t(`returns.b_${one.bucket}_hint`)}</span>
                <Details share={one} />
              </span>
              <span className="split-money num">
                {dark(one.bucket) ? "?" : f.money(one.amount_fen)}
                {one.low_fen !== one.high_fen && (
                  <small className="muted">
                    {t("returns.between", { low: f.money(one.low_fen), high: f.money(one.high_fen) })}
                  </small>
                )}
              </span>
              <span className="split-people num">
                {one.people > 0 ? t("ui.people", { n: f.count(one.people) }) : ""}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <Unknown waste={waste} />
      <p className="muted small">{t("returns.adds_up", { total: f.money(waste.total_fen) })}</p>
    </Panel>
  );
}

function Details({ share }: { share: Waste["buckets"][number] }) {
  const { t } = useTranslation();
  const f = useFormat();
  const parts = share.detail.filter((one) => one.amount_fen > 0);
  if (parts.length === 0) return null;
  return (
    <small className="muted num">
      {parts
        .map((one) => `${t(`returns.d_${one.detail}`, { defaultValue: one.detail })} ${f.money(one.amount_fen)}`)
        .join(" · ")}
    </small>
  );
}

/** What nobody can know without having withheld: said, with its size and what to do about it. */
function Unknown({ waste }: { waste: Waste }) {
  const { t } = useTranslation();
  const f = useFormat();
  const unknown = waste.total_fen - waste.known_anyway_fen;
  if (unknown <= 0) return null;
  return (
    <p className="waste-unknown">
      <i className="b-unknown" aria-hidden="true" />
      <span>
        <strong>{t("returns.unknown")}</strong> {t("returns.unknown_said", { money: f.money(unknown) })}{" "}
        <Link className="in-words" to="/experiments">
          {t("returns.to_experiments")}
        </Link>
      </span>
    </p>
  );
}
