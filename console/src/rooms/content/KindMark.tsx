import {
  AppstoreOutlined,
  FileOutlined,
  FontSizeOutlined,
  LinkOutlined,
  PictureOutlined,
  PlayCircleOutlined,
  ReadOutlined,
} from "@ant-design/icons";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Kind } from "./types";

const MARKS: Record<Kind, ReactNode> = {
  text: <FontSizeOutlined />,
  image: <PictureOutlined />,
  link: <LinkOutlined />,
  mini_program: <AppstoreOutlined />,
  file: <FileOutlined />,
  video: <PlayCircleOutlined />,
  article: <ReadOutlined />,
};

export function KindMark({ kind }: { kind: Kind }) {
  const { t } = useTranslation();
  return (
    <span className="row muted small">
      <span aria-hidden="true" className="kind-mark">
        {MARKS[kind]}
      </span>
      {t(`content.kind_${kind}`)}
    </span>
  );
}
