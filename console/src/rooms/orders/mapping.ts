import type { ImportField, Mapping } from "@/api/types";

/** Required fields that no column has been given to. */
export const missingFields = (fields: ImportField[], mapping: Mapping): ImportField[] =>
  fields.filter((field) => field.required && !mapping[field.field]);

/** Columns that were given to more than one field. An order's number may also be its line's: then one row is one order. */
export function doubledColumns(mapping: Mapping): string[] {
  const seen = new Map<string, number>();
  const whole = mapping.line_no && mapping.line_no === mapping.order_no;
  const given = Object.entries(mapping).filter(([field]) => !(whole && field === "line_no"));
  for (const [, column] of given) if (column) seen.set(column, (seen.get(column) ?? 0) + 1);
  return [...seen].filter(([, times]) => times > 1).map(([column]) => column);
}

/** Only what is set goes to the server. */
export const chosen = (mapping: Mapping): Record<string, string> =>
  Object.fromEntries(Object.entries(mapping).filter((pair): pair is [string, string] => !!pair[1]));
