// Words with variables, as the server reads them: {称呼|朋友} has a fall-back, {称呼} has none, a brace that is meant is written twice.

const TOKEN = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;

export type Slot = { name: string; fallback: string | null };

/** The words with each variable replaced by what `put` says of it. */
export function replaced(text: string, put: (slot: Slot) => string): string {
  return text.replace(TOKEN, (found, inside: string | undefined) => {
    if (found === "{{" || found === "}}") return found[0] as string;
    if (inside === undefined) return found;
    const bar = inside.indexOf("|");
    const name = (bar < 0 ? inside : inside.slice(0, bar)).trim();
    return put({ name, fallback: bar < 0 ? null : inside.slice(bar + 1) });
  });
}

/** What the length is judged by while nobody's values are known: the fall-back, or the variable's name. */
export const sample = (text: string): string => replaced(text, (slot) => slot.fallback ?? slot.name);

export const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/** Characters as a reader counts them, and as the carriers do: 😀 is one. */
export const charactersOf = (text: string): number => [...text].length;

export const written = (name: string, fallback: string): string =>
  `{${name}${fallback ? `|${fallback.replaceAll(/[{}|]/g, "")}` : ""}}`;

/** Parts that a text message is billed as: one up to 70 characters, then 67 in each. */
export const smsParts = (text: string): number => {
  const size = text.length;
  return size === 0 ? 0 : size <= 70 ? 1 : Math.ceil(size / 67);
};
