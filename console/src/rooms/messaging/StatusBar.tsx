import { useTranslation } from "react-i18next";
import { useFormat } from "@/ui/useFormat";
import { MESSAGE_STATUSES } from "./words";

/** How far the messages of a send are, as one bar on one scale, and in figures under it. */
export function StatusBar({ messages, small }: { messages: Record<string, number>; small?: boolean }) {
  const { t } = useTranslation();
  const f = useFormat();
  const there = MESSAGE_STATUSES.filter((name) => (messages[name] ?? 0) > 0);
  const total = there.reduce((sum, name) => sum + (messages[name] ?? 0), 0);
  if (total === 0) return <span className="muted small">{t("messaging.no_messages")}</span>;
  const words = there.map((name) => `${t(`messaging.message_${name}`)} ${f.count(messages[name])}`).join(" · ");
  return (
    <div className="status-bar">
      <div className="status-track" role="img" aria-label={words}>
        {there.map((name) => (
          <i key={name} className={`st-${name}`} style={{ flexGrow: messages[name] }} />
        ))}
      </div>
      {small ? (
        <span className="small muted num">
          {f.count((messages.sent ?? 0) + (messages.received ?? 0))} / {f.count(total)}
        </span>
      ) : (
        <ul className="status-legend">
          {there.map((name) => (
            <li key={name}>
              <i className={`st-${name}`} aria-hidden="true" /> {t(`messaging.message_${name}`)}{" "}
              <strong className="num">{f.count(messages[name])}</strong>{" "}
              <span className="muted small num">{f.rate((messages[name] ?? 0) / total)}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
