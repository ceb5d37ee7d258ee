// A small server in this process, for faults that a real one cannot be made to show on demand. It
// keeps the shapes of docs/protocol.md for one program in which everybody holds every bucket that
// was not taken away; merging is "the last one wins".
import { gunzipSync } from 'node:zlib'
import { crc32, type Digests, type Mutation, type Result, type Row, type Schema } from '@pursuit/client'

const field = (type: string, more = {}) => ({ type, policy: 'latest', ...more })
const stamps = { created_by: field('id', { read_only: true }), created_at: field('timestamp', { read_only: true }),
  updated_by: field('id', { read_only: true }), updated_at: field('timestamp', { read_only: true }) }

export const FAKE_SCHEMA: Schema = {
  schema: 1, min_schema: 1,
  tables: {
    people: { bucket: 'person', fields: { code: field('text', { required: true }), first_name: field('text'), phones: field('text_list'),
      houseless: field('bool'), notes: field('text'), ...stamps } },
    services: { bucket: 'service', fields: { person_id: field('id', { required: true }), status: field('code'), ...stamps } },
    contact_attempts: { bucket: 'service', fields: { service_id: field('id', { required: true }), channel: field('code', { required: true }),
      outcome: field('code', { required: true }), occurred_at: field('timestamp', { required: true }), note: field('text'),
      late: field('bool', { read_only: true }), ...stamps } },
    quarantine: { bucket: 'self', fields: { mutation_id: field('id', { read_only: true }), table: field('text', { read_only: true }),
      row: field('id', { read_only: true }), op: field('code', { read_only: true }), set: field('object', { read_only: true }),
      state: field('code'), ...stamps } },
  },
}

interface Stored {
  table: string
  row: Row
  gone: boolean
}

export interface Seen {
  path: string
  query: string
  body: any
  headers: Headers
  bytes: number
}

export type Fault = (seen: Seen, proceed: () => Response) => Response | Promise<Response>

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })

export const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify({ type: 'about:blank', title: code, status, code }), { status, headers: { 'content-type': 'application/problem+json', ...headers } })

export const html = (status: number) => new Response('<html><h1>Welcome to Hotel Wi-Fi</h1></html>', { status, headers: { 'content-type': 'text/html' } })

export class FakeServer {
  epoch = 'epoch-1'
  seq = 0
  rows = new Map<string, Stored>()
  results = new Map<string, { text: string; result: Result }>()
  /** Buckets nobody holds any more, and since when. */
  taken = new Map<string, number>()
  requests: Seen[] = []
  /** Answers instead of, or around, the server's own answer. */
  fault: Fault | undefined
  /** Decides a mutation instead of "applied". */
  judge: (m: Mutation) => Partial<Result> | undefined = () => undefined
  directive: unknown = null
  /** Fields of people that an app knows only from schema 2 on. */
  newInTwo: string[] = []
  /** How a live request is answered; nothing comes unless told otherwise. */
  live: (seen: Seen) => Response | Promise<Response> = () => json(204, null)
  tokens = new Set<string>()
  refreshTokens = new Set<string>()
  private count = 0

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers)
    const raw = init.body ? Buffer.from(typeof init.body === 'string' ? init.body : (init.body as ArrayBuffer) as never) : Buffer.alloc(0)
    const text = headers.get('content-encoding') === 'gzip' ? gunzipSync(raw).toString() : raw.toString()
    const { pathname: path, search: query } = new URL(url)
    const seen = { path, query, body: text ? JSON.parse(text) : undefined, headers, bytes: raw.length }
    this.requests.push(seen)
    await new Promise((r) => setTimeout(r, 0))
    if (init.signal?.aborted) throw new DOMException('aborted', 'AbortError')
    if (seen.path === '/v1/sync/live' && !this.fault) return this.live(seen)
    const proceed = () => this.answer(seen)
    return this.fault ? this.fault(seen, proceed) : proceed()
  }

  answer(seen: Seen): Response {
    if (seen.path === '/v1/auth/login') return json(200, this.issue())
    if (seen.path === '/v1/auth/refresh') {
      if (!this.refreshTokens.has(seen.body.refresh_token)) return problem(401, 'unauthorized')
      return json(200, this.issue())
    }
    const token = seen.headers.get('authorization')?.slice(7) ?? ''
    if (seen.path.endsWith('/wiped')) return json(204, null)
    if (!this.tokens.has(token)) return problem(401, 'token_expired')
    if (seen.path === '/v1/sync/schema') return json(200, FAKE_SCHEMA)
    if (seen.path === '/v1/sync/digests') return json(200, this.digests(seen.body.cursor))
    if (seen.path === '/v1/sync') return this.sync(seen.body)
    return problem(404, 'not_found')
  }

  issue() {
    const n = ++this.count
    this.tokens.add(`access-${n}`)
    this.refreshTokens.add(`refresh-${n}`)
    return { access_token: `access-${n}`, token_type: 'Bearer', expires_in: 900, refresh_token: `refresh-${n}`, device_id: 'd',
      user: { id: 'user-1', name: 'W', email: 'w@example.org', role: 'outreach_worker', org_id: 'o', program_id: 'p' } }
  }

  private sync(body: any): Response {
    const results = (body.push ?? []).map((m: Mutation) => this.apply(m))
    const base = { protocol: 1, epoch: this.epoch, server_time: new Date().toISOString(), seq: this.seq, directive: this.directive, results }
    if (!body.pull) return json(200, base)
    const { cursor, limit = 1000, tables, buckets, backfill } = body.pull
    if (backfill) return this.backfilled(base)
    const since = cursor === null || cursor === undefined ? 0 : this.read(cursor)
    if (since === undefined) return problem(400, 'bad_cursor')
    const all = [...this.rows.values()].filter((s) => s.row._v > since && (!tables || tables.includes(s.table)) && (!buckets || buckets.includes(s.row._b)))
    const rows = all.filter((s) => !this.taken.has(s.row._b) && !(s.gone && since === 0)).sort((a, b) => a.row._v - b.row._v)
    const page = rows.slice(0, limit)
    const changes: any = {}
    for (const s of page) {
      const change = (changes[s.table] ??= { upsert: [], remove: [] })
      if (s.gone) change.remove.push({ id: s.row.id, _v: s.row._v })
      else change.upsert.push(this.known(s, body.schema))
    }
    const complete = page.length === rows.length
    const drop = [...this.taken].filter(([, at]) => at > since && since > 0).map(([b]) => b)
    const end = complete ? this.seq : page[page.length - 1]!.row._v
    return json(200, { ...base, changes, drop, cursor: `c:${this.epoch}:${end}`, complete, ...(buckets && { replace: true }) })
  }

  /** The row as an app of that schema gets it. */
  private known({ table, row }: Stored, schema: number): Row {
    if (table !== 'people' || schema > 1) return row
    return Object.fromEntries(Object.entries(row).filter(([f]) => !this.newInTwo.includes(f))) as Row
  }

  private backfilled(base: object): Response {
    const upsert = [...this.rows.values()].filter((s) => s.table === 'people' && !s.gone).map((s) => s.row)
    return json(200, { ...base, changes: { people: { upsert, remove: [] } }, drop: [], cursor: 'backfilled', complete: true })
  }

  private read(cursor: string): number | undefined {
    const found = /^c:(.+):(\d+)$/.exec(cursor)
    return found ? Number(found[2]) : undefined
  }

  apply(m: Mutation): Result {
    const before = this.results.get(m.id)
    const text = JSON.stringify(m)
    if (before) return before.text === text ? { ...before.result, duplicate: true } : { id: m.id, status: 'rejected', code: 'mutation_id_reused' }
    const result = this.decide(m)
    this.results.set(m.id, { text, result })
    return result
  }

  private decide(m: Mutation): Result {
    const said = this.judge(m)
    if (said) return { id: m.id, status: 'applied', ...said }
    const key = `${m.table}/${m.row}`
    const there = this.rows.get(key)
    if (m.op === 'insert') {
      if (there) return { id: m.id, status: 'rejected', code: 'row_exists', row: there.row }
      this.put(m.table, { id: m.row, ...m.set })
    } else if (!there || this.taken.has(there.row._b)) {
      return { id: m.id, status: there && m.base > 0 ? 'quarantined' : m.base > 0 ? 'rejected' : 'deferred', ...(m.base > 0 && { code: 'row_gone' }) }
    } else if (m.op === 'delete') {
      this.rows.set(key, { ...there, gone: true, row: { ...there.row, _v: ++this.seq } })
    } else {
      this.put(m.table, { ...there.row, ...m.set })
    }
    return { id: m.id, status: 'applied', v: this.seq, duplicate: false }
  }

  put(table: string, fields: Record<string, unknown> & { id: string }): void {
    const whole: Record<string, unknown> = Object.fromEntries(Object.keys(FAKE_SCHEMA.tables[table]!.fields).map((f) => [f, null]))
    const bucket = (fields.service_id as string) ?? fields.id
    const row = { ...whole, updated_at: new Date().toISOString(), ...fields, _v: ++this.seq, _b: bucket } as Row
    this.rows.set(`${table}/${row.id}`, { table, row, gone: false })
  }

  take(bucket: string): void {
    this.taken.set(bucket, ++this.seq)
  }

  private digests(cursor: string | null) {
    const buckets: Digests = {}
    for (const { table, row, gone } of this.rows.values()) {
      if (gone || this.taken.has(row._b)) continue
      const sum = ((buckets[row._b] ??= {})[table] ??= [0, 0])
      sum[0]++
      sum[1] = (sum[1] + crc32(`${table}/${row.id}/${row._v}`)) >>> 0
    }
    return { seq: this.seq, cursor_seq: cursor ? (this.read(cursor) ?? 0) : 0, buckets }
  }
}
