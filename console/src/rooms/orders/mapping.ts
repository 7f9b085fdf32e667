import type { ImportField, Mapping } from "@/api/types";

/** Required fields that no column has been given to. */
export const missingFields = (fields: ImportField[], mapping: Mapping): ImportField[] =>
  fields.filter((field) => field.required && !mapping[field.field]);

/** Columns that were given to more than one field. */
export function doubledColumns(mapping: Mapping): string[] {
  const seen = new Map<string, number>();
  for (const column of Object.values(mapping)) if (column) seen.set(column, (seen.get(column) ?? 0) + 1);
  return [...seen].filter(([, times]) => times > 1).map(([column]) => column);
}

/** Only what is set goes to the server. */
export const chosen = (mapping: Mapping): Record<string, string> =>
  Object.fromEntries(Object.entries(mapping).filter((pair): pair is [string, string] => !!pair[1]));
