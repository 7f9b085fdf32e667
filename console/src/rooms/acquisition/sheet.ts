// Cells pasted from a sheet: tabs between columns, lines between rows; amounts as people write them.

/** Fen of an amount in yuan, null for what is none: "1,234.5", "¥ 12", "" (nothing: 0). */
export function fenOf(text: string): number | null {
  const plain = text
    .normalize("NFKC")
    .replace(/[¥$£€,\s元]/g, "")
    .trim();
  if (plain === "" || plain === "-") return 0;
  if (!/^\d{1,10}(\.\d*)?$/.test(plain)) return null;
  return Math.round(Number(plain) * 100);
}

/** Rows of cells; null when it is a single value, which the field itself takes. */
export function sheetOf(text: string): string[][] | null {
  const rows = text
    .replace(/\r/g, "")
    .replace(/\n+$/, "")
    .split("\n")
    .map((line) => line.split("\t"));
  return rows.length > 1 || (rows[0]?.length ?? 0) > 1 ? rows : null;
}
