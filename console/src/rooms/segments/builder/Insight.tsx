import { Tabs } from "antd";
import { useTranslation } from "react-i18next";
import type { Rule, Segment } from "@/api/types";
import { ExplainTab } from "./ExplainTab";
import { OverlapTab } from "./OverlapTab";
import { SampleTab } from "./SampleTab";
import { SizesTab } from "./SizesTab";
import type { usePreview } from "./usePreview";
import { VersionsTab } from "./VersionsTab";

type Props = {
  segment: Segment | null;
  rule: Rule;
  preview: ReturnType<typeof usePreview>;
  onRestore: (rule: Rule) => void;
  readOnly: boolean;
};

export function Insight({ segment, rule, preview, onRestore, readOnly }: Props) {
  const { t } = useTranslation();
  const ready = preview.open === 0 && preview.faults.length === 0;
  const items = [
    {
      key: "sample",
      label: t("segments.tab_sample"),
      children: <SampleTab sample={preview.data?.sample} stale={preview.stale} />,
    },
    {
      key: "overlap",
      label: t("segments.tab_overlap"),
      children: <OverlapTab rule={rule} ready={ready} ownId={segment?.id} />,
    },
    {
      key: "explain",
      label: t("segments.tab_explain"),
      children: <ExplainTab rule={rule} ready={ready} sample={preview.data?.sample} />,
    },
    ...(segment
      ? [
          { key: "sizes", label: t("segments.tab_sizes"), children: <SizesTab segment={segment} /> },
          {
            key: "versions",
            label: t("segments.tab_versions"),
            children: <VersionsTab segment={segment} onRestore={onRestore} readOnly={readOnly} />,
          },
        ]
      : []),
  ];
  return (
    <section className="panel insight">
      <Tabs size="small" items={items} destroyOnHidden />
    </section>
  );
}
