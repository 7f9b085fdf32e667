import { Button, DatePicker, Popover } from "antd";
import dayjs from "dayjs";
import { type DragEvent, type KeyboardEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Clash } from "@/api/types";
import { useMay } from "@/shell/session";
import { Chip } from "@/ui/Chip";
import { useFormat } from "@/ui/useFormat";
import { PURPOSE_TONE } from "../words";
import { addDays, type Planned } from "./days";

const FORMAT = "YYYY-MM-DD HH:mm";
const STEP: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

type Props = {
  item: Planned;
  clashes: Clash[];
  today: string;
  lifted: boolean;
  onLift: (item: Planned | null) => void;
  onMove: (item: Planned, starts: string) => void;
};

/** One campaign (or wave) in the calendar: dragged by hand, or moved by Alt and the arrow keys, or by typing a date. */
export function Entry({ item, clashes, today, lifted, onLift, onMove }: Props) {
  const { t } = useTranslation();
  const f = useFormat();
  const may = useMay();
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(`${item.on} ${item.local_time}`);
  const movable = item.movable && may("campaigns.write");
  const onKey = (event: KeyboardEvent) => {
    const days = STEP[event.key];
    if (!movable || !event.altKey || !days) return;
    event.preventDefault();
    const on = addDays(item.on, days);
    if (on >= today) onMove(item, `${on} ${item.local_time}`);
  };
  const onDrag = (event: DragEvent) => {
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", String(item.campaign_id));
    onLift(item);
  };
  const carriers = item.carriers.map((one) => t(`campaigns.carrier_${one}`)).join(" › ");
  const say = t("campaigns.entry_say", {
    name: item.name,
    at: `${item.on} ${item.local_time}`,
    purpose: t(`campaigns.purpose_${item.purpose}`),
    carriers: carriers || t("campaigns.no_carrier"),
    status: t(`campaigns.status_${item.status}`),
  });
  return (
    <Popover
      trigger="click"
      open={open}
      onOpenChange={(wanted) => {
        setOpen(wanted);
        setAt(`${item.on} ${item.local_time}`);
      }}
      content={
        <div className="stack entry-card">
          <p className="row">
            <Chip tone={PURPOSE_TONE[item.purpose]}>{t(`campaigns.purpose_${item.purpose}`)}</Chip>
            <Chip>{t(`campaigns.status_${item.status}`)}</Chip>
          </p>
          <p className="small">{carriers || t("campaigns.no_carrier")}</p>
          <p className="small">
            {item.reach === null
              ? t("campaigns.no_reach_yet")
              : t(item.reach_is_current ? "campaigns.reach_n" : "campaigns.reach_old", { n: f.count(item.reach) })}
          </p>
          {clashes.map((clash) => (
            <p key={clash.message.en} className="field-error">
              {f.label(clash.message)}
            </p>
          ))}
          {movable && (
            <div className="row tight">
              <DatePicker
                aria-label={t("campaigns.move_to")}
                showTime={{ format: "HH:mm", minuteStep: 5 }}
                format={FORMAT}
                value={dayjs(at)}
                minDate={dayjs(today)}
                allowClear={false}
                onChange={(day) => day && setAt(day.format(FORMAT))}
              />
              <Button
                type="primary"
                disabled={at === `${item.on} ${item.local_time}`}
                onClick={() => {
                  setOpen(false);
                  onMove(item, at);
                }}
              >
                {t("campaigns.move")}
              </Button>
            </div>
          )}
          {movable && <p className="muted small">{t("campaigns.move_keys")}</p>}
          <Link to={item.status === "draft" ? `/campaigns/${item.campaign_id}/edit` : `/campaigns/${item.campaign_id}`}>
            {t("campaigns.open")}
          </Link>
        </div>
      }
      title={item.name}
    >
      <button
        type="button"
        className={`entry ${item.purpose} ${clashes.length ? "clash" : ""} ${lifted ? "lifted" : ""}`}
        draggable={movable}
        onDragStart={onDrag}
        onDragEnd={() => onLift(null)}
        onKeyDown={onKey}
        aria-keyshortcuts={movable ? "Alt+ArrowLeft Alt+ArrowRight Alt+ArrowUp Alt+ArrowDown" : undefined}
        data-campaign={item.campaign_id}
      >
        <span className="entry-name">
          {item.wave ? `${t("campaigns.wave_n", { n: item.wave + 1 })} · ` : ""}
          {item.name}
        </span>
        <span className="entry-meta num">
          <span>{item.local_time}</span>
          <span>{item.reach === null ? "" : f.short(item.reach)}</span>
        </span>
        <span className="visually-hidden">{say}</span>
      </button>
    </Popover>
  );
}
