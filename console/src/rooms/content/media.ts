import type { Answer } from "@/api/answer";
import { consoleHeaders } from "@/api/client";
import { problemOf } from "@/api/problem";

export type Media = Answer<"/api/v1/content/media", "put">;

/** Where the console shows a file of the library: `media:<hash>`. */
export const mediaUrl = (name: string): string => `/api/v1/content/media/${name.replace(/^media:/, "")}`;

/** Takes a file to the library and tells how far it is, 0..1: fetch cannot, so the older request does. */
export function upload(file: File, told: (done: number) => void, signal?: AbortSignal): Promise<Media> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `/api/v1/content/media?name=${encodeURIComponent(file.name)}`);
    for (const [name, value] of Object.entries(consoleHeaders())) request.setRequestHeader(name, value);
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && told(event.loaded / event.total);
    request.onload = () =>
      request.status < 300 ? resolve(request.response as Media) : reject(problemOf(request.status, request.response));
    request.onerror = () => reject(new TypeError("network"));
    request.onabort = () => reject(new DOMException("", "AbortError"));
    signal?.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}
