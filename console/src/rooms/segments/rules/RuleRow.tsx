import { ArrowDownOutlined, ArrowUpOutlined, CopyOutlined, DeleteOutlined, GroupOutlined } from "@ant-design/icons";
import { Button, Checkbox, Tooltip } from "antd";
import type { KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Leaf, Rule } from "@/api/types";
import { AttributeLeaf } from "./AttributeLeaf";
import { useRules } from "./context";
import { EventLeaf, LastEventLeaf } from "./EventLeaf";
import { isOpen } from "./leaves";
import { OrdersLeaf } from "./OrdersLeaf";
import { faultsAt } from "./problems";
import { LifecycleLeaf, ListLeaf, QualityLeaf, RfmLeaf, SegmentLeaf, TagLeaf } from "./SmallLeaves";
import { bare, duplicate, move, type Path, remove, toggleNot, wrap } from "./tree";

/** One condition: an exclude mark, its kind, its controls, and what can be done with the row. */
export function RuleRow({ rule, path }: { rule: Rule; path: Path }) {
  const { t } = useTranslation();
  const { put, edit, faults, disabled } = useRules();
  const inner = bare(rule, path);
  const leaf = inner.rule as Leaf;
  const messages = [...faultsAt(faults, inner.path), ...(inner.path === path ? [] : faultsAt(faults, path))];
  const name = t(`segments.kind_${leaf.kind}`);
  const keys = (event: KeyboardEvent) => {
    if (!event.altKey || disabled) return;
    if (event.key === "ArrowUp") edit((root) => move(root, path, -1));
    else if (event.key === "ArrowDown") edit((root) => move(root, path, 1));
    else return;
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut for the buttons of this row
    <div className={`rule-row ${inner.negated ? "negated" : ""} ${messages.length ? "faulty" : ""}`} onKeyDown={keys}>
      <div className="rule-main">
        <span className="rule-kind">{name}</span>
        <Controls
          leaf={leaf}
          put={(next, field) => put(inner.path, next, field ? `${inner.path.join(".")}:${field}` : undefined)}
        />
        {isOpen(leaf) && messages.length === 0 && <span className="rule-open">{t("segments.fill_in")}</span>}
      </div>
      {!disabled && (
        <div className="rule-tools">
          <Checkbox checked={inner.negated} onChange={() => edit((root) => toggleNot(root, path))}>
            {t("segments.exclude")}
          </Checkbox>
          <Tool
            icon={<ArrowUpOutlined />}
            label={t("segments.move_up")}
            act={() => edit((root) => move(root, path, -1))}
          />
          <Tool
            icon={<ArrowDownOutlined />}
            label={t("segments.move_down")}
            act={() => edit((root) => move(root, path, 1))}
          />
          <Tool
            icon={<CopyOutlined />}
            label={t("segments.duplicate")}
            act={() => edit((root) => duplicate(root, path))}
          />
          <Tool
            icon={<GroupOutlined />}
            label={t("segments.to_group")}
            act={() => edit((root) => wrap(root, path, "any"))}
          />
          <Tool
            icon={<DeleteOutlined />}
            label={t("segments.remove", { name })}
            act={() => edit((root) => remove(root, path))}
          />
        </div>
      )}
      {messages.map((message) => (
        <p key={message} className="rule-fault" role="alert">
          {message}
        </p>
      ))}
    </div>
  );
}

const Tool = ({ icon, label, act }: { icon: React.ReactNode; label: string; act: () => void }) => (
  <Tooltip title={label} mouseEnterDelay={0.5}>
    <Button type="text" size="small" icon={icon} aria-label={label} onClick={act} />
  </Tooltip>
);

function Controls({ leaf, put }: { leaf: Leaf; put: (rule: Leaf, field?: string) => void }) {
  const { t } = useTranslation();
  switch (leaf.kind) {
    case "attribute":
      return <AttributeLeaf rule={leaf} put={put} />;
    case "tag":
      return <TagLeaf rule={leaf} put={put} />;
    case "orders":
      return <OrdersLeaf rule={leaf} put={put} />;
    case "event":
      return <EventLeaf rule={leaf} put={put} />;
    case "last_event":
      return <LastEventLeaf rule={leaf} put={put} />;
    case "rfm":
      return <RfmLeaf rule={leaf} put={put} />;
    case "lifecycle":
      return <LifecycleLeaf rule={leaf} put={put} />;
    case "quality":
      return <QualityLeaf rule={leaf} put={put} />;
    case "segment":
      return <SegmentLeaf rule={leaf} put={put} />;
    case "list":
      return <ListLeaf rule={leaf} put={put} />;
    case "everyone":
      return <span className="muted">{t("segments.everyone_row")}</span>;
    default:
      // A newer server may know kinds this console does not: show it, never drop it.
      return <code>{JSON.stringify(leaf)}</code>;
  }
}
