import { DeleteOutlined, FileOutlined, PlayCircleOutlined, UploadOutlined } from "@ant-design/icons";
import { Button, Upload } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Bar } from "@/ui/Bar";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { FieldLimits } from "./FieldLimits";
import { type Media, mediaUrl, upload } from "./media";
import type { Fits } from "./queries";

const ACCEPT = {
  picture: "image/jpeg,image/png,image/gif,image/webp",
  video: "video/mp4",
  file: ".pdf,.doc,.docx,.xls,.xlsx,.ppt,.pptx,.zip,.txt,.csv",
};

type Props = {
  label: string;
  name: "picture" | "file" | "video";
  value: string;
  onChange: (name: string) => void;
  fits?: Fits;
};

/** One file of the library: chosen or dropped, with how far the upload is; it can be taken out again. */
export function MediaInput({ label, name, value, onChange, fits }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const fail = useFail();
  const [done, setDone] = useState<number | null>(null);
  const [known, setKnown] = useState<Media | null>(null);
  const take = async (file: File) => {
    setDone(0);
    try {
      const media = await upload(file, setDone);
      setKnown(media);
      onChange(media.media);
    } catch (error) {
      fail(error);
    } finally {
      setDone(null);
    }
  };
  return (
    <div className="media-input">
      <p className="field-label">{label}</p>
      {value && (
        <div className="media-held">
          {name === "picture" ? (
            <img src={mediaUrl(value)} alt={t("content.picture_now")} />
          ) : (
            <span className="media-icon" aria-hidden="true">
              {name === "video" ? <PlayCircleOutlined /> : <FileOutlined />}
            </span>
          )}
          <span className="small">
            {known && known.media === value ? (
              <>
                {known.name}
                <span className="muted">
                  {" "}
                  · {f.bytes(known.size_bytes)}
                  {known.width ? ` · ${known.width}×${known.height}` : ""}
                </span>
              </>
            ) : (
              <a href={mediaUrl(value)} target="_blank" rel="noreferrer">
                {t("content.open_file")}
              </a>
            )}
          </span>
          <Button
            type="text"
            size="small"
            icon={<DeleteOutlined />}
            aria-label={t("content.take_out", { label })}
            onClick={() => onChange("")}
          />
        </div>
      )}
      {done === null ? (
        <Upload
          accept={ACCEPT[name]}
          showUploadList={false}
          beforeUpload={(file) => {
            void take(file);
            return false;
          }}
        >
          <Button icon={<UploadOutlined />} aria-label={t("content.upload_of", { label })}>
            {t(value ? "content.upload_other" : "content.upload")}
          </Button>
        </Upload>
      ) : (
        <Bar value={done} label={t("content.uploading", { label })} />
      )}
      <FieldLimits name={name} value="" fits={fits} />
    </div>
  );
}
