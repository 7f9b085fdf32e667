// Sending a file as a raw body. XMLHttpRequest, because fetch cannot say how much has left.

import { consoleHeaders } from "@/api/client";
import { problemOf } from "@/api/problem";
import type { ImportFile } from "@/api/types";

export function uploadFile(file: File, onProgress: (share: number) => void, signal: AbortSignal): Promise<ImportFile> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `/api/v1/imports/files?name=${encodeURIComponent(file.name)}`);
    for (const [name, value] of Object.entries(consoleHeaders())) request.setRequestHeader(name, value);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "text";
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onerror = () => reject(new TypeError("network"));
    request.onabort = () => reject(new DOMException("aborted", "AbortError"));
    request.onload = () => {
      const body = parsed(request.responseText);
      if (request.status >= 200 && request.status < 300 && body) resolve(body as ImportFile);
      else reject(problemOf(request.status, body));
    };
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
