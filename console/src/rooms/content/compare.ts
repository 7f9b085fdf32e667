// What two versions say differently, by characters of Chinese and by words of other scripts.

export type Part = { kind: "same" | "gone" | "come"; text: string };

const MOST = 2_000;
const pieces = (text: string) => text.match(/[\p{Script=Han}]|[\p{L}\p{N}]+|\s+|./gsu) ?? [];

/** The longest common row of words stays; what else was there is gone, what else is there has come. */
export function compared(before: string, after: string): Part[] {
  const a = pieces(before);
  const b = pieces(after);
  if (a.length > MOST || b.length > MOST)
    return before === after ? [part("same", [before])] : [part("gone", [before]), part("come", [after])];
  const wide = b.length + 1;
  const length = new Uint16Array((a.length + 1) * wide);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      length[i * wide + j] =
        a[i] === b[j]
          ? length[(i + 1) * wide + j + 1]! + 1
          : Math.max(length[(i + 1) * wide + j]!, length[i * wide + j + 1]!);
  const parts: Part[] = [];
  const add = (kind: Part["kind"], text: string) => {
    const last = parts.at(-1);
    if (last?.kind === kind) last.text += text;
    else parts.push({ kind, text });
  };
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      add("same", a[i]!);
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && length[(i + 1) * wide + j]! >= length[i * wide + j + 1]!)) {
      add("gone", a[i]!);
      i++;
    } else {
      add("come", b[j]!);
      j++;
    }
  }
  return parts;
}

const part = (kind: Part["kind"], texts: string[]): Part => ({ kind, text: texts.join("") });

/** A body as named texts, so that two can be laid beside each other; markup is shown as its words. */
export function texts(body: Record<string, unknown>): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of Object.entries(body)) {
    if (typeof value === "string") found.set(name, name === "html" ? words(value) : value);
    else if (value && typeof value === "object" && Object.keys(value).length > 0)
      found.set(name, JSON.stringify(value, null, 1));
    else if (typeof value === "boolean") found.set(name, String(value));
  }
  return found;
}

const words = (html: string) =>
  new DOMParser()
    .parseFromString(html.replaceAll(/<\/(p|h[1-6]|li|blockquote)>/g, "\n$&"), "text/html")
    .body.textContent?.trim() ?? "";
