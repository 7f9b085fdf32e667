import { consoleHeaders } from "@/api/client";
import { problemOf } from "@/api/problem";

/** Same-origin download by a plain link: the cookie goes along and nothing is held in memory. */
export function download(href: string, name = ""): void {
  const link = document.createElement("a");
  link.href = href;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}

/** The CSV of a report: the same address with format=csv. */
export function reportCsv(path: string, query: Record<string, string | null | undefined> = {}): string {
  const params = new URLSearchParams({ format: "csv" });
  for (const [key, value] of Object.entries(query)) if (value) params.set(key, value);
  return `/api/v1${path}?${params}`;
}

/** A small file fetched in the console's language (a link would ask in the browser's), or a problem that can be shown. */
export async function save(href: string): Promise<void> {
  const answer = await fetch(href, { headers: consoleHeaders() });
  if (!answer.ok) throw problemOf(answer.status, await answer.json().catch(() => null));
  const name = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "")?.[1] ?? "report.csv";
  const url = URL.createObjectURL(await answer.blob());
  download(url, name);
  URL.revokeObjectURL(url);
}
