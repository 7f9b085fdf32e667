import {
  ApartmentOutlined,
  CopyOutlined,
  DeleteOutlined,
  FullscreenOutlined,
  MinusOutlined,
  PlusOutlined,
  RedoOutlined,
  UndoOutlined,
} from "@ant-design/icons";
import { Button, Switch, Tooltip } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Editor } from "../useEditor";
import type { CanvasActs } from "./useCanvasActs";

type Props = {
  editor: Editor;
  acts: CanvasActs;
  editing: boolean;
  chosen: boolean;
  figures: boolean | null;
  onFigures: (on: boolean) => void;
  children?: ReactNode;
};

/** What is done to the drawing, with the key that does the same. */
export function Tools({ editor, acts, editing, chosen, figures, onFigures, children }: Props) {
  const { t } = useTranslation();
  return (
    <div className="jtools" role="toolbar" aria-label={t("journeys.tools")}>
      {editing && (
        <span className="jtools-group">
          <Tool icon={<UndoOutlined />} label={t("ui.undo")} keys="Ctrl Z" act={editor.undo} off={!editor.canUndo} />
          <Tool icon={<RedoOutlined />} label={t("ui.redo")} keys="Ctrl ⇧ Z" act={editor.redo} off={!editor.canRedo} />
          <Tool
            icon={<CopyOutlined />}
            label={t("journeys.duplicate")}
            keys="Ctrl D"
            act={acts.duplicate}
            off={!chosen}
          />
          <Tool icon={<DeleteOutlined />} label={t("ui.delete")} keys="Del" act={acts.remove} off={!chosen} />
        </span>
      )}
      <span className="jtools-group">
        {editing && <Tool icon={<ApartmentOutlined />} label={t("journeys.tidy")} keys="Ctrl L" act={acts.tidy} />}
        <Tool icon={<MinusOutlined />} label={t("journeys.zoom_out")} act={() => acts.zoom(0.8)} />
        <Tool icon={<PlusOutlined />} label={t("journeys.zoom_in")} act={() => acts.zoom(1.25)} />
        <Tool icon={<FullscreenOutlined />} label={t("journeys.fit")} keys="Ctrl 0" act={acts.fit} />
      </span>
      {figures !== null && (
        // biome-ignore lint/a11y/noLabelWithoutControl: the switch is the control
        <label className="jtools-switch">
          <Switch size="small" checked={figures} onChange={onFigures} aria-label={t("journeys.figures")} />
          {t("journeys.figures")}
        </label>
      )}
      {children}
    </div>
  );
}

function Tool({
  icon,
  label,
  keys,
  act,
  off,
}: {
  icon: ReactNode;
  label: string;
  keys?: string;
  act: () => void;
  off?: boolean;
}) {
  return (
    <Tooltip title={keys ? `${label} · ${keys}` : label} mouseEnterDelay={0.5}>
      <Button type="text" icon={icon} aria-label={label} disabled={off} onClick={act} />
    </Tooltip>
  );
}
