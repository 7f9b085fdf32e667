// One typed client. Every answer that is not 2xx becomes a ProblemError; nothing else talks to the server.

import createClient, { type Middleware } from "openapi-fetch";
import { currentLanguage } from "@/locales";
import { problemOf } from "./problem";
import type { paths } from "./schema";

export const consoleHeaders = (): Record<string, string> => ({
  "Accept-Language": currentLanguage(),
  "X-Siyu-Request": "console",
});

/** Tells, with "job", that a job is at work for what is on the page; when it ends, the page asks again. */
export const newerComes = new EventTarget();

const identify: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(consoleHeaders())) request.headers.set(name, value);
    return request;
  },
  // A report that is not the newest names the job that computes it.
  onResponse({ response }) {
    if (response.headers.has("Siyu-Newer")) newerComes.dispatchEvent(new Event("job"));
  },
};

export const api = createClient<paths>({
  baseUrl: globalThis.location?.origin ?? "http://localhost",
  // Looked up at call time, so tests can replace fetch.
  fetch: (request) => globalThis.fetch(request),
});
api.use(identify);

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The data of an answer. Reports are also documented as CSV text, which a link fetches and never this client. */
export async function must<T>(answer: Promise<Answer<T>>): Promise<Exclude<T, string>> {
  const { data, error, response } = await answer;
  if (!response.ok) throw problemOf(response.status, error);
  return data as Exclude<T, string>;
}
