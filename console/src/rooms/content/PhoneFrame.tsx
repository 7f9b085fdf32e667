import { AppstoreOutlined, FileOutlined, LinkOutlined, PlayCircleOutlined } from "@ant-design/icons";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useBrand } from "@/shell/session";
import { mediaUrl } from "./media";
import { smsParts } from "./template";
import type { Body, Carrier, Kind } from "./types";

type Props = { carrier: Carrier; kind: Kind; body: Body; sender?: string };

/** A piece as the phone of one customer shows it, on one carrier; the words already hold that customer's values. */
export function PhoneFrame({ carrier, kind, body, sender }: Props) {
  const { t } = useTranslation();
  const brand = useBrand();
  const inside = FACES[carrier];
  return (
    <figure
      className={`handset handset-${carrier}`}
      aria-label={t("content.preview_of", { carrier: t(`content.carrier_${carrier}`) })}
    >
      <div className="handset-bar" aria-hidden="true">
        <span>9:41</span>
        <span className="handset-who">{sender || brand.name}</span>
        <span>▮▮▮</span>
      </div>
      <div className="handset-screen">{inside({ kind, body, brand: brand.name, t })}</div>
    </figure>
  );
}

type Face = { kind: Kind; body: Body; brand: string; t: (key: string, values?: Record<string, unknown>) => string };

const FACES: Record<Carrier, (face: Face) => ReactNode> = {
  wecom: Chat,
  official_account: (face) => (face.kind === "article" ? <Mass {...face} /> : <Chat {...face} />),
  mini_program: Subscribe,
  sms: Sms,
  email: Letter,
  webhook: Hook,
};

const Nothing = ({ t }: Face) => <p className="muted small handset-none">{t("content.preview_empty")}</p>;

function Chat(face: Face) {
  const { kind, body } = face;
  const card = kind !== "text" && kind !== "image" && (body.title || body.url || body.file || body.video || body.page);
  if (!body.text && !card && !body.picture) return <Nothing {...face} />;
  return (
    <>
      {body.text && (
        <Bubble>
          <p className="handset-bubble">{body.text}</p>
        </Bubble>
      )}
      {kind === "image" && body.picture && (
        <Bubble>
          <img className="handset-picture" src={mediaUrl(body.picture)} alt="" />
        </Bubble>
      )}
      {(kind === "link" || kind === "article") && card && (
        <Bubble>
          <div className="handset-card">
            <strong>{body.title}</strong>
            <span className="handset-card-body">
              <span className="small muted">{body.desc || body.url}</span>
              {body.picture ? (
                <img src={mediaUrl(body.picture)} alt="" />
              ) : (
                <i aria-hidden="true">
                  <LinkOutlined />
                </i>
              )}
            </span>
          </div>
        </Bubble>
      )}
      {kind === "mini_program" && card && (
        <Bubble>
          <div className="handset-card handset-mini">
            <span className="small muted">
              <AppstoreOutlined /> {face.brand}
            </span>
            <strong>{body.title}</strong>
            {body.picture ? <img src={mediaUrl(body.picture)} alt="" /> : <i aria-hidden="true" />}
            <span className="small muted">{face.t("content.kind_mini_program")}</span>
          </div>
        </Bubble>
      )}
      {(kind === "file" || kind === "video") && card && (
        <Bubble>
          <div className="handset-card handset-file">
            {kind === "file" ? <FileOutlined /> : <PlayCircleOutlined />}
            <strong>{face.t(`content.kind_${kind}`)}</strong>
          </div>
        </Bubble>
      )}
    </>
  );
}

const Bubble = ({ children }: { children: ReactNode }) => (
  <div className="handset-line">
    <span className="handset-face" aria-hidden="true" />
    {children}
  </div>
);

/** An article that an official account sends to its followers: the picture with its title, and what they read when they open it. */
function Mass(face: Face) {
  const { body } = face;
  if (!body.title && !body.html) return <Nothing {...face} />;
  return (
    <div className="handset-mass">
      <div className="handset-cover">
        {body.picture && <img src={mediaUrl(body.picture)} alt="" />}
        <strong>{body.title}</strong>
      </div>
      <div className="handset-read">
        <p className="handset-title">{body.title}</p>
        <p className="small muted">{[body.author, face.brand].filter(Boolean).join(" · ")}</p>
        <Rich html={body.html ?? ""} />
      </div>
    </div>
  );
}

function Subscribe(face: Face) {
  const { body, t } = face;
  const notice = body.notices?.mini_program;
  const values = Object.entries(notice?.values ?? {});
  if (values.length === 0) return <p className="muted small handset-none">{t("content.preview_notice_empty")}</p>;
  return (
    <div className="handset-notice">
      <p className="small muted">{face.brand}</p>
      <dl>
        {values.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="small muted handset-notice-foot">{t("content.preview_enter")} ›</p>
    </div>
  );
}

function Sms(face: Face) {
  const { body, t, brand } = face;
  const words = body.sms?.template
    ? Object.entries(body.sms.params ?? {})
        .map(([name, value]) => `${name}: ${value}`)
        .join("\n")
    : [body.text, body.url].filter(Boolean).join(" ");
  if (!words) return <Nothing {...face} />;
  const whole = `【${brand}】${words}`;
  return (
    <>
      <p className="handset-bubble handset-sms">{whole}</p>
      <p className="small muted">{t("content.sms_parts", { n: smsParts(whole), characters: whole.length })}</p>
    </>
  );
}

function Letter(face: Face) {
  const { body, brand, t } = face;
  const subject = body.subject || body.title;
  if (!subject && !body.text && !body.html) return <Nothing {...face} />;
  return (
    <div className="handset-letter">
      <p className="handset-title">{subject || <span className="loss">{t("content.no_subject")}</span>}</p>
      <p className="small muted">{brand}</p>
      {body.picture && <img src={mediaUrl(body.picture)} alt="" />}
      {body.html ? <Rich html={body.html} /> : <p className="handset-words">{body.text}</p>}
      {body.url && <p className="small">{body.url}</p>}
      <p className="small muted handset-foot">{t("content.preview_unsubscribe")}</p>
    </div>
  );
}

function Hook({ body }: Face) {
  return <pre className="handset-hook mono">{JSON.stringify(body, null, 1)}</pre>;
}

/** Rich text in a frame that runs no script and sends no form (its origin is ours only so that pictures load): what somebody pastes while writing has not been sanitised yet. */
function Rich({ html }: { html: string }) {
  const { t } = useTranslation();
  const shown = html.replaceAll(/(?:media:|https?:\/\/[^"'<>\s]+\/m\/)([0-9a-f]{32})/g, (_, hash: string) =>
    mediaUrl(hash),
  );
  const page = `<base target="_blank"><style>body{font:15px/1.7 -apple-system,"PingFang SC","Microsoft YaHei","WenQuanYi Micro Hei",sans-serif;margin:0;color:#1c2b2f;overflow-wrap:anywhere}img{max-width:100%;height:auto}a{color:#0e6b62}</style>${shown}`;
  return (
    <iframe className="handset-rich" sandbox="allow-same-origin" srcDoc={page} title={t("content.preview_article")} />
  );
}
