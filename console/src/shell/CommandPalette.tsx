import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api, must } from "@/api/client";
import { useDebounced } from "@/ui/useDebounced";
import { menuFor } from "./entries";
import { useMay } from "./session";

type Hit = { to: string; title: string; note: string };

/** Jump to a page or a customer by typing; arrows choose, Enter goes, Escape closes. */
export default function CommandPalette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const q = useDebounced(typed.trim(), 200);
  const people = useQuery({
    queryKey: ["customers", "palette", q],
    queryFn: () => must(api.GET("/api/v1/customers", { params: { query: { q, limit: 6 } } })),
    enabled: q.length > 0 && may("customers.read"),
  });
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const hits = useMemo<Hit[]>(() => {
    const wanted = typed.trim().toLowerCase();
    const pages = menuFor(may)
      .flatMap((group) =>
        group.entries.map((entry) => ({
          to: entry.to,
          title: t(`shell.page_${entry.key}`),
          note: t(`shell.group_${group.key}`),
        })),
      )
      .filter((hit) => !wanted || `${hit.title} ${hit.note} ${hit.to}`.toLowerCase().includes(wanted));
    const found = (wanted ? (people.data?.items ?? []) : []).map((row) => ({
      to: `/customers/${row.id}`,
      title: row.name || t("customers.nameless", { id: row.id }),
      note: [row.city, row.phone_masked].filter(Boolean).join(" · ") || `#${row.id}`,
    }));
    return [...pages, ...found];
  }, [typed, people.data, may, t]);
  const chosen = Math.min(at, hits.length - 1);
  const go = (hit: Hit | undefined) => {
    if (!hit) return;
    onClose();
    navigate(hit.to);
  };
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step && hits.length) {
      event.preventDefault();
      setAt((chosen + step + hits.length) % hits.length);
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      go(hits[chosen]);
    }
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a dialog by itself
    <dialog
      ref={dialog}
      className="palette"
      aria-label={t("shell.search")}
      onClose={onClose}
      onClick={(e) => e.target === dialog.current && onClose()}
    >
      <input
        autoFocus
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-hits"
        aria-activedescendant={hits.length ? `hit-${chosen}` : undefined}
        aria-label={t("shell.search")}
        placeholder={t("shell.search_hint")}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKey}
      />
      <div id="palette-hits" role="listbox" aria-label={t("shell.search")} tabIndex={-1}>
        {hits.map((hit, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys are handled by the input above
          <div
            key={hit.to}
            id={`hit-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === chosen}
            onMouseEnter={() => setAt(index)}
            onClick={() => go(hit)}
          >
            <span>{hit.title}</span>
            <small>{hit.note}</small>
          </div>
        ))}
      </div>
      {hits.length === 0 && (
        <p className="palette-none">{people.isFetching ? t("shell.loading") : t("shell.search_none")}</p>
      )}
    </dialog>
  );
}
