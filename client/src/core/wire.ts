/**
 * The shapes that travel between a device and the server.
 * Source: docs/protocol.md, sections 3 to 9.
 */

/** A row as the server sends it: `_v` is the sequence of its last change, `_b` its bucket. */
export interface Row {
  id: string
  _v: number
  _b: string
  [field: string]: unknown
}

export type Op = 'insert' | 'patch' | 'delete'

/** One write. `base` is the `_v` last seen of the row, `at` the device's clock at the edit. */
export interface Mutation {
  id: string
  group?: string
  table: string
  row: string
  op: Op
  base: number
  at: string
  set?: Record<string, unknown>
}

export type ResultStatus = 'applied' | 'merged' | 'deferred' | 'quarantined' | 'rejected'

/** What became of one mutation (docs/protocol.md, section 4, "Result statuses"). */
export interface Result {
  id: string
  status: ResultStatus
  v?: number
  duplicate?: boolean
  code?: string
  message?: string
  field?: string
  row?: Row
  conflicts?: string[]
}

export interface Removal {
  id: string
  _v: number
}

export type Changes = Record<string, { upsert?: Row[]; remove?: Removal[] }>

export interface PullRequest {
  cursor?: string | null
  limit?: number
  tables?: string[] | null
  buckets?: string[]
  backfill?: { from_schema: number }
}

export interface SyncRequest {
  push?: Mutation[]
  pull?: PullRequest
}

export type Directive = { kind: 'reconcile' } | { kind: 'upgrade'; min_schema: number }

export interface SyncAnswer {
  protocol: number
  epoch: string
  server_time: string
  seq: number
  results?: Result[]
  changes?: Changes
  drop?: string[]
  cursor?: string
  complete?: boolean
  replace?: boolean
  directive?: Directive | null
}

/** Per bucket and table: how many live rows there are, and the sum of their CRC-32. */
export type Digests = Record<string, Record<string, [count: number, sum: number]>>

export interface DigestAnswer {
  seq: number
  cursor_seq: number
  buckets: Digests
}

export interface FieldSchema {
  type: string
  policy: string
  required?: boolean
  read_only?: boolean
  fixed?: boolean
  values?: string[]
  max_length?: number
  since?: number
}

export interface TableSchema {
  bucket: string
  since?: number
  fields: Record<string, FieldSchema>
}

/** `GET /v1/sync/schema`: every table, field and merge policy, as data. */
export interface Schema {
  schema: number
  min_schema: number
  tables: Record<string, TableSchema>
}

export interface User {
  id: string
  name: string
  email: string
  role: string
  org_id: string
  program_id: string
  locale?: string
  time_zone?: string
}

export interface TokenAnswer {
  access_token: string
  expires_in: number
  refresh_token: string
  device_id: string
  user: User
}

/** The protocol this package speaks, and the newest schema it knows. */
export const PROTOCOL = 1
export const SCHEMA = 1
