import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { asRule, type Rule, type Segment } from "@/api/types";
import { By } from "@/ui/By";
import { Chip } from "@/ui/Chip";
import { useFormat } from "@/ui/useFormat";
import { opened } from "../rules/tree";

export function VersionsTab({
  segment,
  onRestore,
  readOnly,
}: {
  segment: Segment;
  onRestore: (rule: Rule) => void;
  readOnly: boolean;
}) {
  const { t } = useTranslation();
  const f = useFormat();
  return (
    <ol className="versions">
      {segment.versions
        .toSorted((a, b) => b.version - a.version)
        .map((version) => (
          <li key={version.version}>
            <p className="row spread">
              <span className="row">
                <strong>v{version.version}</strong>
                {version.version === segment.rule_version && <Chip tone="pine">{t("segments.current")}</Chip>}
              </span>
              <span className="small muted">
                <By who={version.created_by} /> · {f.time(version.created_at)}
              </span>
            </p>
            <p>{f.label(version.sentence)}</p>
            {!readOnly && version.version !== segment.rule_version && (
              <Button size="small" onClick={() => onRestore(opened(asRule(version.rule)))}>
                {t("segments.restore_version")}
              </Button>
            )}
          </li>
        ))}
    </ol>
  );
}
