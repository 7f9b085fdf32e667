import { Button, ColorPicker, Drawer, Input, Segmented, Select, Switch } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { consoleHeaders } from "@/api/client";
import { ProblemError, problemOf } from "@/api/problem";
import { MediaInput } from "@/rooms/content/MediaInput";
import { useMay } from "@/shell/session";
import { download } from "@/ui/download";
import { Field } from "@/ui/Field";
import { QueryView } from "@/ui/QueryView";
import { useDebounced } from "@/ui/useDebounced";
import { useFail } from "@/ui/useFail";
import { useFormat } from "@/ui/useFormat";
import { toPng, zip } from "./draw";
import { type Code, type Design, usePosterChoice, useSheets } from "./queries";

/** Large sheets are looked at from afar: half as many points will do. */
const DPI: Record<string, number> = { a4: 300, a3: 300, "60x90": 150, phone: 305 };

/** Posters for one code or many: designed once, drawn for each. */
export function PosterDrawer({ codes, onClose }: { codes: Code[]; onClose: () => void }) {
  const { t } = useTranslation();
  const f = useFormat();
  const fail = useFail();
  const may = useMay();
  const choice = usePosterChoice();
  const [at, setAt] = useState(0);
  const [busy, setBusy] = useState("");
  const [design, setDesign] = useState<Design>({
    code_ids: codes.map((one) => one.id),
    template: "plain",
    size: "a4",
    title: t("codes.poster_title_blank"),
    words: "",
    call: t("codes.poster_call_blank"),
    name: "",
    picture: "",
    colour: "#2f6b4f",
    marks: true,
  });
  const set = (change: Partial<Design>) => setDesign((before) => ({ ...before, ...change }));
  const shown = codes[Math.min(at, codes.length - 1)] as Code;
  const needsPicture = design.template === "picture" && !design.picture;
  const sheets = useSheets(useDebounced({ ...design, code_ids: [shown.id] }, 300), !needsPicture);
  const faults = sheets.error instanceof ProblemError ? sheets.error.errors : [];
  const fault = (field: string) => faults.find((one) => one.field.endsWith(field))?.message;
  const ask = async (path: string) => {
    const answer = await fetch(`/api/v1/acquisition/posters/${path}`, {
      method: "POST",
      headers: { ...consoleHeaders(), "Content-Type": "application/json" },
      body: JSON.stringify(design),
    });
    if (!answer.ok) throw problemOf(answer.status, await answer.json().catch(() => null));
    return answer;
  };
  const give = (blob: Blob, name: string) => {
    const url = URL.createObjectURL(blob);
    download(url, name);
    URL.revokeObjectURL(url);
  };
  const run = async (what: string, work: () => Promise<void>) => {
    setBusy(what);
    try {
      await work();
    } catch (error) {
      fail(error);
    } finally {
      setBusy("");
    }
  };
  const png = () =>
    run("png", async () => {
      const { items } = (await (await ask("sheets")).json()) as { items: { file_name: string; svg: string }[] };
      const files: { name: string; bytes: Uint8Array }[] = [];
      for (const one of items) {
        const drawn = await toPng(one.svg, DPI[design.size ?? "a4"] ?? 300);
        if (items.length === 1) return give(drawn, `${one.file_name}.png`);
        files.push({ name: `${one.file_name}.png`, bytes: new Uint8Array(await drawn.arrayBuffer()) });
      }
      give(zip(files), "posters.zip");
    });
  const svg = () => run("svg", async () => give(await (await ask("zip")).blob(), "posters.zip"));
  const size = choice.data?.sizes.find((one) => one.key === design.size);
  return (
    <Drawer
      open
      size={920}
      title={
        codes.length === 1
          ? t("codes.poster_of", { name: shown.name })
          : t("codes.posters_of", { n: codes.length, count: codes.length })
      }
      onClose={onClose}
      footer={
        <div className="row">
          <Button type="primary" onClick={png} loading={busy === "png"} disabled={needsPicture || busy !== ""}>
            {t(codes.length === 1 ? "codes.save_png" : "codes.save_pngs")}
          </Button>
          <Button onClick={svg} loading={busy === "svg"} disabled={needsPicture || busy !== ""}>
            {t("codes.save_svg")}
          </Button>
        </div>
      }
    >
      <div className="poster-writer">
        <div className="form">
          <Segmented
            aria-label={t("codes.template")}
            value={design.template}
            onChange={(template) => set({ template })}
            options={(choice.data?.templates ?? []).map((one) => ({
              value: one.key as Design["template"],
              label: f.label({ zh: one.zh ?? "", en: one.en ?? "" }),
            }))}
          />
          <Field
            label={t("codes.size")}
            help={size && t("codes.size_help", { width: size.width, height: size.height, bleed: size.bleed })}
          >
            <Select
              aria-label={t("codes.size")}
              value={design.size}
              onChange={(value) => set({ size: value })}
              options={(choice.data?.sizes ?? []).map((one) => ({
                value: one.key as Design["size"],
                label: f.label(one.name),
              }))}
            />
          </Field>
          {(design.template === "picture" || design.picture) && may("content.write") && (
            <MediaInput
              label={t("codes.picture")}
              name="picture"
              value={design.picture ?? ""}
              onChange={(picture) => set({ picture })}
            />
          )}
          {(["title", "words", "call", "name"] as const).map((name) => (
            <Field
              key={name}
              label={t(`codes.poster_${name}`)}
              error={fault(name)}
              help={name === "name" ? t("codes.poster_name_help") : undefined}
            >
              {name === "words" ? (
                <Input.TextArea
                  rows={2}
                  maxLength={120}
                  value={design.words}
                  onChange={(e) => set({ words: e.target.value })}
                />
              ) : (
                <Input
                  maxLength={name === "call" ? 30 : 40}
                  value={design[name]}
                  onChange={(e) => set({ [name]: e.target.value })}
                />
              )}
            </Field>
          ))}
          <div className="row">
            <ColorPicker
              aria-label={t("codes.colour")}
              disabledAlpha
              showText
              value={design.colour}
              onChangeComplete={(colour) => set({ colour: colour.toHexString().slice(0, 7) })}
            />
            <Switch checked={design.marks} onChange={(marks) => set({ marks })} aria-label={t("codes.crop_marks")} />
            <span className="small">{t("codes.crop_marks")}</span>
          </div>
        </div>
        <div className="poster-shown stack">
          {codes.length > 1 && (
            <Select
              aria-label={t("codes.shown")}
              value={at}
              onChange={setAt}
              options={codes.map((one, index) => ({ value: index, label: one.name }))}
            />
          )}
          {needsPicture ? (
            <p className="muted">{t("codes.needs_picture")}</p>
          ) : (
            <QueryView query={sheets} height={420}>
              {(data) => (
                <img
                  alt={t("codes.poster_of", { name: shown.name })}
                  src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(data.items[0]?.svg ?? "")}`}
                />
              )}
            </QueryView>
          )}
        </div>
      </div>
    </Drawer>
  );
}
