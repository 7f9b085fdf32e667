/** Same-origin download by a plain link: the cookie goes along and nothing is held in memory. */
export function download(href: string): void {
  const link = document.createElement("a");
  link.href = href;
  link.download = "";
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
