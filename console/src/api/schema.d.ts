// Paths of the API in the form openapi-typescript writes them; `npm run api` replaces this file from openapi.json.

import type * as T from "./types";

type Json<B> = { content: { "application/json": B } };
type Params<Q, P, H> = {
  query?: Q;
  header?: H;
  path: P;
  cookie?: never;
};
type NoPath<Q> = { query?: Q; header?: never; path?: never; cookie?: never };
type Get<R, Q = Record<string, never>> = { parameters: NoPath<Q>; requestBody?: never; responses: { 200: Json<R> } };
type GetAt<R, P, Q = Record<string, never>> = {
  parameters: Params<Q, P, never>;
  requestBody?: never;
  responses: { 200: Json<R> };
};
type Send<R, B> = { parameters: NoPath<never>; requestBody: Json<B>; responses: { 200: Json<R> } };
type Act<R> = { parameters: NoPath<never>; requestBody?: never; responses: { 200: Json<R> } };
type SendAt<R, B, P, H = never> = {
  parameters: Params<never, P, H>;
  requestBody: Json<B>;
  responses: { 200: Json<R> };
};
type ActAt<R, P> = { parameters: Params<never, P, never>; requestBody?: never; responses: { 200: Json<R> } };
type Gone = Record<string, never>;
type Id = { id: number };
type Key = { id: string };
type Cursor = { cursor?: string; limit?: number };
type AsOf = { as_of?: string };

export interface paths {
  "/api/v1/session": {
    get: Get<T.Session>;
    post: Send<T.Session, { login: string; password: string }>;
    delete: Act<Gone>;
  };
  "/api/v1/session/password": { post: Send<Gone, { old_password: string; new_password: string }> };
  "/api/v1/team/members": {
    get: Get<T.Items<T.Member>>;
    post: Send<T.Member, { login: string; name: string; role: T.Role; password: string }>;
  };
  "/api/v1/team/members/{id}": {
    patch: SendAt<T.Member, { name?: string; role?: T.Role; active?: boolean; password?: string }, Id>;
  };
  "/api/v1/team/tokens": {
    get: Get<T.Items<T.Token>>;
    post: Send<T.Token & { secret: string }, { name: string; role: T.Role; expires_at?: string }>;
  };
  "/api/v1/team/tokens/{id}": { delete: ActAt<Gone, Id> };
  "/api/v1/team/audit": {
    get: Get<T.List<T.AuditEntry>, Cursor & { actor?: string; action?: string; subject?: string }>;
  };
  "/api/v1/team/roles": { get: Get<T.Items<T.RoleInfo>> };
  "/api/v1/jobs": { get: Get<T.List<T.Job>, Cursor & { status?: string; kind?: string }> };
  "/api/v1/jobs/{id}": { get: GetAt<T.Job, Key> };
  "/api/v1/jobs/{id}/cancel": { post: ActAt<T.Job, Key> };
  "/api/v1/jobs/{id}/retry": { post: ActAt<T.Job, Key> };
  "/api/v1/imports": {
    get: Get<T.List<T.Import>, Cursor>;
    post: Send<{ import_id: string; job_id: string }, T.ImportStart>;
  };
  "/api/v1/imports/{id}": { get: GetAt<T.Import, Key> };
  "/api/v1/imports/mappings": { get: Get<T.Items<{ source: string; mapping: T.Mapping; saved_at: string }>> };
  "/api/v1/customers": {
    get: Get<
      T.List<T.CustomerRow>,
      Cursor & { q?: string; filter?: string; segment?: number; sort?: string; columns?: string }
    >;
  };
  "/api/v1/customers/columns": { get: Get<T.Items<T.ColumnInfo>> };
  "/api/v1/customers/views": { get: Get<T.Items<T.View>>; post: Send<T.View, T.ViewDraft> };
  "/api/v1/customers/views/{id}": { patch: SendAt<T.View, Partial<T.ViewDraft>, Id>; delete: ActAt<Gone, Id> };
  "/api/v1/customers/export": { post: Send<T.JobRef, T.ExportRequest> };
  "/api/v1/customers/{id}": { get: GetAt<T.Customer, Id> };
  "/api/v1/customers/{id}/timeline": { get: GetAt<T.List<T.TimelineEntry>, Id, Cursor & { kinds?: string }> };
  "/api/v1/customers/tags": { get: Get<T.Items<T.TagCount>>; post: Send<{ changed_count: number }, T.TagChange> };
  "/api/v1/segments": { get: Get<T.Items<T.SegmentRow>>; post: Send<T.Segment, T.SegmentDraft> };
  "/api/v1/segments/{id}": {
    get: GetAt<T.Segment, Id>;
    put: SendAt<T.Segment, T.SegmentDraft, Id, { "If-Match"?: string }>;
    delete: ActAt<Gone, Id>;
  };
  "/api/v1/segments/{id}/restore": { post: ActAt<T.Segment, Id> };
  "/api/v1/segments/{id}/recompute": { post: ActAt<T.JobRef, Id> };
  "/api/v1/segments/recompute": { post: Act<T.JobRef> };
  "/api/v1/segments/preview": { post: Send<T.Preview, { rule: T.Rule; sample?: number }> };
  "/api/v1/segments/overlap": { post: Send<T.Overlap, { rule?: T.Rule; segment_id?: number; with: number[] }> };
  "/api/v1/segments/explain": {
    post: Send<T.Explain, { rule?: T.Rule; segment_id?: number; customer_id: number }>;
  };
  "/api/v1/segments/{id}/sizes": { get: GetAt<T.Items<T.SizePoint>, Id, { days?: number }> };
  "/api/v1/segments/{id}/changes": { get: GetAt<T.List<T.MemberChange>, Id, Cursor> };
  "/api/v1/segments/vocabulary": { get: Get<T.Vocabulary> };
  "/api/v1/segments/sentence": { post: Send<T.Label, { rule: T.Rule }> };
  "/api/v1/segments/rfm": { get: Get<T.RfmReport, AsOf> };
  "/api/v1/segments/lifecycle": { get: Get<T.LifecycleReport, AsOf> };
  "/api/v1/segments/value": { get: Get<T.ValueReport, AsOf> };
  "/api/v1/measurement/metrics": { get: Get<T.Items<T.Metric>> };
  "/api/v1/measurement/overview": { get: Get<T.Overview, AsOf & { grain?: T.Grain }> };
  "/api/v1/measurement/cohorts": { get: Get<T.CohortReport, AsOf & { measure?: T.CohortMeasure }> };
  "/api/v1/measurement/concentration": { get: Get<T.Concentration, AsOf> };
  "/api/v1/system/doctor": { get: Get<T.Doctor> };
  "/api/v1/system/sample": { post: Act<T.JobRef>; delete: Act<T.JobRef> };
  "/api/v1/events/catalogue": { get: Get<T.EventCatalogue> };
}
