import { LinkOutlined, PaperClipOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { NAME_PLACE, partOf, type WelcomeContent } from "./welcome";

/** The greeting as a phone shows it, with a name in its place. */
export function PhonePreview({ content, small }: { content: WelcomeContent; small?: boolean }) {
  const { t } = useTranslation();
  const text = content.text.split(NAME_PLACE).join(t("carriers.preview_name"));
  return (
    <figure className={small ? "phone small-phone" : "phone"} aria-label={t("carriers.preview")}>
      <div className="phone-bar" aria-hidden="true">
        {t("carriers.preview_staff")}
      </div>
      <div className="phone-body">
        {text && <p className="bubble">{text}</p>}
        {content.attachments.map((attachment, index) => {
          const part = partOf(attachment);
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: attachments have no identity
            <div key={index} className="bubble card-bubble">
              <strong>{part.title || t(`carriers.part_${attachment.msgtype}`)}</strong>
              {part.desc && <span className="small muted">{part.desc}</span>}
              <span className="small muted">
                {attachment.msgtype === "link" ? <LinkOutlined /> : <PaperClipOutlined />}{" "}
                {part.url || part.page || part.media_id}
              </span>
            </div>
          );
        })}
        {!text && content.attachments.length === 0 && <p className="muted small">{t("carriers.preview_empty")}</p>}
      </div>
    </figure>
  );
}
