import { LeftOutlined, RightOutlined } from "@ant-design/icons";
import { Button, Segmented, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSegments } from "@/rooms/segments/rules/RuleEditor";
import { useMay } from "@/shell/session";
import { Panel } from "@/ui/Panel";
import { ProblemView } from "@/ui/ProblemView";
import { useFormat } from "@/ui/useFormat";
import { PhoneFrame } from "./PhoneFrame";
import { type Preview, usePreview } from "./queries";
import { filled, sampled } from "./shown";
import type { Body, Carrier, Kind } from "./types";

type Props = { kind: Kind; body: Body; carriers: Carrier[] };

/** The piece on a phone, for each carrier, with real customers' values: short, usual and long ones, one after the other. */
export function PreviewPanel({ kind, body, carriers }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const [chosen, choose] = useState<Carrier>("wecom");
  const [segment, setSegment] = useState<number | undefined>();
  const [place, setPlace] = useState(0);
  const carrier = carriers.includes(chosen) ? chosen : (carriers[0] ?? "wecom");
  const preview = usePreview({ kind, body, carrier, segment_id: segment });
  const examples = preview.data?.examples ?? [];
  const one = examples[Math.min(place, examples.length - 1)];
  return (
    <Panel title={t("content.preview")} hint={t("content.preview_hint")} className="preview-panel">
      <div className="stack">
        <Segmented
          className="preview-carriers"
          aria-label={t("content.preview_carrier")}
          value={carrier}
          onChange={(value) => choose(value)}
          options={carriers.map((value) => ({ value, label: t(`content.carrier_${value}`) }))}
        />
        {may("segments.read") && <SegmentPicker value={segment} onChange={setSegment} />}
        <div className="row spread">
          <Button
            size="small"
            icon={<LeftOutlined />}
            aria-label={t("content.customer_before")}
            disabled={place <= 0}
            onClick={() => setPlace(Math.max(0, Math.min(place, examples.length - 1) - 1))}
          />
          <span className="small preview-who" aria-live="polite">
            {one ? (
              <>
                <strong>{one.name ?? t("content.nameless", { id: one.customer_id })}</strong>{" "}
                <span className="muted">{t(`content.why_${one.why}`)}</span>
              </>
            ) : (
              <span className="muted">{t("content.nobody_yet")}</span>
            )}
          </span>
          <Button
            size="small"
            icon={<RightOutlined />}
            aria-label={t("content.customer_after")}
            disabled={place >= examples.length - 1}
            onClick={() => setPlace(place + 1)}
          />
        </div>
        <PhoneFrame carrier={carrier} kind={kind} body={one ? filled(body, carrier, one.parts) : sampled(body)} />
        {one && one.missing.length > 0 && (
          <p className="notice small">{t("content.lacks", { names: one.missing.join(t("content.comma")) })}</p>
        )}
        {preview.error && <ProblemView error={preview.error} compact />}
        {preview.data && <Lacking preview={preview.data} />}
      </div>
    </Panel>
  );
}

function Lacking({ preview }: { preview: Preview }) {
  const { t } = useTranslation();
  const f = useFormat();
  if (preview.lacking === 0) return null;
  const by = Object.entries(preview.lacking_by)
    .map(([name, count]) => `${name} ${f.count(count)}`)
    .join(t("content.comma"));
  return (
    <p className="notice small" role="status">
      {t("content.lacking", {
        n: f.count(preview.lacking),
        looked: f.count(preview.looked),
        rate: f.rate(preview.looked ? preview.lacking / preview.looked : 0),
        by,
      })}
    </p>
  );
}

function SegmentPicker({ value, onChange }: { value?: number; onChange: (segment?: number) => void }) {
  const { t } = useTranslation();
  const segments = useSegments();
  return (
    <Select
      allowClear
      aria-label={t("content.preview_segment")}
      placeholder={t("content.preview_segment")}
      value={value}
      onChange={onChange}
      options={(segments.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }))}
      showSearch={{ optionFilterProp: "label" }}
    />
  );
}
