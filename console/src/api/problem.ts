// problem+json as an error that pages can show: what happened, why, and the way out.

export type ProblemBody = {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  code?: string;
  errors?: { field: string; message: string }[];
  way_out?: string | { zh: string; en: string };
};

export class ProblemError extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly errors: { field: string; message: string }[];
  readonly wayOut: string | { zh: string; en: string } | undefined;

  constructor(status: number, body: ProblemBody) {
    super(body.detail || body.title || `HTTP ${status}`);
    this.name = "ProblemError";
    this.status = status;
    this.code = body.code ?? `http_${status}`;
    this.title = body.title ?? "";
    this.errors = Array.isArray(body.errors) ? body.errors : [];
    this.wayOut = body.way_out;
  }
}

/** Reads whatever an answer carries: problem+json, other JSON, or plain text from a proxy in between. */
export function problemOf(status: number, body: unknown): ProblemError {
  if (body && typeof body === "object") return new ProblemError(status, body as ProblemBody);
  return new ProblemError(status, {});
}

export const isProblem = (error: unknown, status?: number): error is ProblemError =>
  error instanceof ProblemError && (status === undefined || error.status === status);
