import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Checkbox, Dropdown, Segmented } from "antd";
import { useTranslation } from "react-i18next";
import type { GroupRule, Rule } from "@/api/types";
import { useRules } from "./context";
import { ADDABLE, newLeaf } from "./leaves";
import { faultsAt } from "./problems";
import { RuleRow } from "./RuleRow";
import { append, bare, isGroup, type Path, remove, replace, toggleNot } from "./tree";

type Props = { rule: Rule; path: Path; depth?: number };

/** A group and what is in it; the rail at the left carries 且/或, so that nesting can be read at a glance. */
export function RuleGroup({ rule, path, depth = 0 }: Props) {
  const { t } = useTranslation();
  const { edit, faults, disabled } = useRules();
  const inner = bare(rule, path);
  const group = inner.rule as GroupRule;
  const root = path.length === 0;
  const joins = [
    { value: "all" as const, label: t("segments.all") },
    { value: "any" as const, label: t("segments.any_of") },
  ];
  return (
    <fieldset className={`rule-group ${group.kind} ${inner.negated ? "negated" : ""} depth-${Math.min(depth, 3)}`}>
      <legend className="visually-hidden">
        {t(group.kind === "all" ? "segments.group_all" : "segments.group_any")}
      </legend>
      <div className="rule-group-head">
        <Segmented
          size="small"
          options={joins}
          value={group.kind}
          disabled={disabled}
          aria-label={t("segments.join")}
          onChange={(kind) => edit((r) => replace(r, inner.path, { ...group, kind }))}
        />
        <span className="muted small">{t(group.kind === "all" ? "segments.group_all" : "segments.group_any")}</span>
        {!disabled && !root && (
          <span className="row tight rule-group-tools">
            <Checkbox checked={inner.negated} onChange={() => edit((r) => toggleNot(r, path))}>
              {t("segments.exclude_group")}
            </Checkbox>
            <Button
              type="text"
              size="small"
              icon={<DeleteOutlined />}
              aria-label={t("segments.remove_group")}
              onClick={() => edit((r) => remove(r, path))}
            />
          </span>
        )}
      </div>
      {faultsAt(faults, inner.path).map((message) => (
        <p key={message} className="rule-fault" role="alert">
          {message}
        </p>
      ))}
      {group.of.length === 0 && (
        <p className="rule-none muted">{t(root ? "segments.empty_root" : "segments.empty_group")}</p>
      )}
      <ol className="rule-list">
        {group.of.map((child, index) => {
          const childPath = [...inner.path, index];
          return (
            <li key={childPath.join(".")}>
              {isGroup(bare(child, childPath).rule) ? (
                <RuleGroup rule={child} path={childPath} depth={depth + 1} />
              ) : (
                <RuleRow rule={child} path={childPath} />
              )}
            </li>
          );
        })}
      </ol>
      {!disabled && <AddMenu onAdd={(child) => edit((r) => append(r, inner.path, child))} />}
    </fieldset>
  );
}

function AddMenu({ onAdd }: { onAdd: (rule: Rule) => void }) {
  const { t } = useTranslation();
  const items = [
    ...ADDABLE.map((kind) => ({
      key: kind,
      label: (
        <span className="add-item">
          {t(`segments.kind_${kind}`)}
          <small className="muted">{t(`segments.kind_${kind}_hint`)}</small>
        </span>
      ),
      onClick: () => onAdd(newLeaf(kind)),
    })),
    { type: "divider" as const },
    { key: "group", label: t("segments.add_group"), onClick: () => onAdd({ kind: "any", of: [] }) },
  ];
  return (
    <Dropdown menu={{ items }} trigger={["click"]}>
      <Button type="dashed" size="small" icon={<PlusOutlined />}>
        {t("segments.add")}
      </Button>
    </Dropdown>
  );
}
