// What a route answers with, by its address: the document's own names change when two rooms call their shapes alike.

import type { paths } from "./schema";

type Json<R> = R extends { content: { "application/json": infer T } } ? T : never;

export type Answer<P extends keyof paths, M extends keyof paths[P]> = paths[P][M] extends { responses: infer R }
  ? Json<R[(200 | 201) & keyof R]>
  : never;

export type Row<P extends keyof paths> = Answer<P, "get" & keyof paths[P]> extends { items: (infer T)[] } ? T : never;
