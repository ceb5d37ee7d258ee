import { getChangedDocumentsSince, getLastCheckpointDoc, type RxCollection } from 'rxdb'
import { replicateRxCollection, type RxReplicationState } from 'rxdb/plugins/replication'
import { Subject } from 'rxjs'
import {
  DigestSum, Link, Runner, Trouble, differingBuckets, onOnline, pauseBefore, remedy, sleep, troubleOf, wholeBuckets,
  type Draft, type Outcome, type Row, type Schema, type Sent, type Session, type SyncAnswer,
} from '@pursuit/client'
import { Tap, type Point } from './feed.js'
import { Codec, type PursuitDoc, type WithDeleted } from './schema.js'
import { stateBeside } from './state.js'

type Replication = RxReplicationState<PursuitDoc, Point>
type StreamItem = 'RESYNC'

export interface ReplicateOptions {
  session: Session
  /** What `session.schema()` answered; fetched when left out. */
  schema?: Schema
  /** Rows a page. */
  limit?: number
  /** Documents a push request, of one collection. */
  batchSize?: number
  live?: boolean
  waitForLeadership?: boolean
  /** Milliseconds between two comparisons of digests. */
  verifyEvery?: number
  /** Erases the device's rows when the server orders it; removes the database unless told otherwise. */
  onWipe?: () => Promise<void>
}

interface Line {
  collection: RxCollection<PursuitDoc>
  replication: Replication
  stream: Subject<StreamItem>
  tap: Tap
}

const MAX_BUFFERED = 20 // pages waiting for a slow storage before the next one is fetched
const MAX_PAGES = 10_000 // 10 million rows: beyond it something answers in circles
const SCAN = 1_000 // documents read at once when digests are compared
const SAVE_EVERY = 10 // pages between two notes of how far everything is stored
const BUCKETS_AT_ONCE = 50 // buckets fetched whole in one repair request
const REFUSED_PAUSE_MS = 15_000 // how often a push looks whether a refusal was lifted
const VERIFY_EVERY_MS = 24 * 3_600_000

/**
 * Keeps collections made by `rxCollections` in step with a Pursuit server, over RxDB's own
 * replication: one stream of pages, fanned out to all of them.
 *
 * RxDB keeps each edit until `push` has resolved; it resolves when the server has answered, and
 * never throws for a mutation's own fault, which would block the collection behind it. What the
 * server would not take comes back as a conflict that it wins, and as an outcome.
 */
export class PursuitReplication {
  readonly replications: Record<string, Replication> = {}
  private readonly lines = new Map<string, Line>()
  private readonly starts = new Map<string, Point | undefined>()
  private readonly control = new AbortController()
  private readonly runner: Runner
  private waiting: (() => void)[] = []
  private caughtUp = false
  private head: Point = { cursor: null, n: 0 }
  private started = false

  constructor(
    private readonly link: Link,
    private readonly schema: Schema,
    collections: Record<string, RxCollection<PursuitDoc>>,
    private readonly options: ReplicateOptions,
  ) {
    this.runner = new Runner({
      session: options.session,
      once: (signal) => this.once(signal),
      seq: () => this.link.place.seq,
      erase: () => this.erase(),
      live: options.live ?? true,
    })
    for (const [table, collection] of Object.entries(collections)) this.attach(table, collection)
    this.control.signal.addEventListener('abort', onOnline(() => this.resync()))
  }

  private attach(table: string, collection: RxCollection<PursuitDoc>): void {
    const spec = this.schema.tables[table]
    if (!spec) throw new Error(`pursuit: the server has no table ${table}`)
    const tap = new Tap(new Codec(table, spec))
    const stream = new Subject<StreamItem>()
    const replication = replicateRxCollection<PursuitDoc, Point>({
      replicationIdentifier: `pursuit-${this.options.session.user?.id ?? ''}`,
      collection,
      live: true,
      waitForLeadership: this.options.waitForLeadership ?? true,
      // one document is a full page: RxDB asks again until there is nothing left
      pull: { handler: (checkpoint) => this.pull(table, checkpoint), batchSize: 1, stream$: stream.asObservable() },
      push: { handler: (rows) => this.push(table, rows as PushRow[]) as Promise<WithDeleted[]>, batchSize: this.options.batchSize ?? 200 },
    })
    replication.onCancel.push(() => void this.cancel())
    this.replications[table] = replication
    this.lines.set(table, { collection, replication, stream, tap })
  }

  /** Resolves once everything here is sent and everything there is stored. */
  async awaitInSync(): Promise<void> {
    for (const line of this.lines.values()) await line.replication.awaitInSync()
    await this.untilCaughtUp()
    for (const line of this.lines.values()) await line.replication.awaitInSync()
  }

  /** Asks for a sync now, of both directions. */
  resync(): void {
    this.caughtUp = false
    this.runner.kick()
    for (const line of this.lines.values()) line.stream.next('RESYNC')
  }

  /** What the server said about edits that a person may want to know. */
  outcomes(): Outcome[] {
    return this.link.outcomes()
  }

  dismiss(...ids: string[]): Promise<void> {
    return this.link.dismiss(...ids)
  }

  /** Ends all replications; edits made from then on are sent by the next one. */
  async cancel(): Promise<void> {
    if (this.control.signal.aborted) return
    this.control.abort()
    this.tellWaiting()
    await this.runner.stop()
    await Promise.all([...this.lines.values()].map((l) => l.replication.cancel()))
    await this.link.checkpoint().catch(() => undefined) // the database may be closed already
  }

  private async erase(): Promise<void> {
    const database = [...this.lines.values()][0]?.collection.database
    for (const line of this.lines.values()) void line.replication.cancel()
    this.control.abort()
    this.tellWaiting()
    if (this.options.onWipe) await this.options.onWipe()
    else await database?.remove()
  }

  // ---- down ----

  private async pull(table: string, checkpoint: Point | undefined): Promise<{ documents: WithDeleted[]; checkpoint: Point }> {
    const { tap, replication } = this.lines.get(table)!
    if (!this.starts.has(table)) {
      this.starts.set(table, checkpoint)
      if (this.starts.size === this.lines.size) this.begin()
    }
    const nothing = { documents: [], checkpoint: checkpoint ?? this.head }
    while (!this.control.signal.aborted) {
      const calm = replication.internalReplicationState?.events.active.up.getValue() === false
      const taken = tap.take(calm, this.head)
      if (taken) {
        this.tellWaiting() // the stream may be waiting for room
        return taken
      }
      if (this.caughtUp) return nothing
      await new Promise<void>((resolve) => this.waiting.push(resolve))
    }
    return nothing
  }

  /** Starts the stream where the collection that is furthest behind left it. */
  private begin(): void {
    const { cursor, n, tables } = this.link.place
    const same = tables.length > 0 && [...this.lines.keys()].every((t) => tables.includes(t))
    const whole: Point = same ? { cursor, n } : { cursor: null, n: 0 }
    const points = [...this.starts.values()].map((p) => (same && p && p.n > whole.n ? p : whole))
    const top = Math.max(n, ...[...this.starts.values()].map((p) => p?.n ?? 0))
    const first = points.reduce((a, b) => (b.n < a.n ? b : a), points[0] ?? whole)
    this.head = { cursor: first.cursor, n: top }
    this.started = true
    this.runner.start()
  }

  private tellWaiting(): void {
    const waiting = this.waiting
    this.waiting = []
    for (const resolve of waiting) resolve()
  }

  private async untilCaughtUp(): Promise<void> {
    while (!this.caughtUp && !this.control.signal.aborted) await new Promise<void>((resolve) => this.waiting.push(resolve))
  }

  /** One whole sync of the stream: what a crash left, pages, echoes, and now and then digests. */
  private async once(signal: AbortSignal): Promise<void> {
    if (!this.started) return
    await this.resume(signal)
    await this.backfill(signal)
    await this.pages(signal)
    if (this.link.place.reconcile) {
      await this.link.resend(signal)
      await this.link.keepPlace({ reconcile: false, verify: true })
      await this.pages(signal)
    }
    await this.fetchMissing(signal)
    await this.save()
    const due = Date.now() - this.link.place.verifiedAt > (this.options.verifyEvery ?? VERIFY_EVERY_MS)
    if (this.link.place.verify || due) await this.verify(signal)
  }

  private async pages(signal: AbortSignal): Promise<void> {
    let done = 0
    const total = this.head.cursor === null ? await this.expected(signal) : null
    for (let page = 0; page < MAX_PAGES; page++) {
      const answer = await this.page(signal)
      if (!answer) continue
      done += await this.distribute(answer)
      if (done > 0 || page === 0) this.link.session.events.emit({ kind: 'progress', done, total })
      if (answer.complete) break
      if (page % SAVE_EVERY === SAVE_EVERY - 1) await this.save()
      await this.untilDrained(signal)
    }
    this.caughtUp = true
    this.tellWaiting()
  }

  private async page(signal: AbortSignal): Promise<SyncAnswer | undefined> {
    const pull = { cursor: this.head.cursor, limit: this.options.limit ?? 1000, tables: [...this.lines.keys()] }
    try {
      return await this.link.session.sync({ pull }, signal)
    } catch (error) {
      if (!(error instanceof Trouble) || error.kind !== 'bad_cursor' || this.head.cursor === null) throw error
      this.head = { cursor: null, n: this.head.n + 1 }
      await this.link.keepPlace({ ...this.head, verify: true })
      return undefined
    }
  }

  /** Hands a page to the collections: first what goes, then what comes. */
  private async distribute(answer: SyncAnswer): Promise<number> {
    await this.link.heard(answer)
    const point = { cursor: answer.cursor!, n: this.head.n + 1 }
    const gone = await this.expand(answer.drop ?? [])
    for (const o of await this.link.news(answer.changes?.quarantine?.upsert ?? [])) push(gone, o.table, o.row)
    let rows = 0
    for (const [table, { tap, stream }] of this.lines) {
      const change = answer.changes?.[table]
      const docs = (gone.get(table) ?? []).map((id) => tap.codec.tombstone(id))
      for (const r of change?.remove ?? []) docs.push(tap.codec.tombstone(r.id))
      for (const r of change?.upsert ?? []) docs.push(tap.codec.doc(r))
      rows += (change?.upsert?.length ?? 0) + (change?.remove?.length ?? 0)
      tap.add(point, docs)
      if (docs.length > 0) stream.next('RESYNC')
    }
    this.head = point
    this.link.place.seq = answer.seq
    this.tellWaiting()
    return rows
  }

  /** The local rows of buckets that are no longer held, and those on their way there. */
  private async expand(drops: readonly string[]): Promise<Map<string, string[]>> {
    const gone = new Map<string, string[]>()
    if (drops.length === 0) return gone
    for (const [table, { collection, tap }] of this.lines) {
      const ids = new Set(tap.recentIn(new Set(drops)))
      for (const doc of await collection.find({ selector: { sync_b: { $in: [...drops] } } }).exec()) ids.add(doc.id)
      gone.set(table, [...ids])
    }
    return gone
  }

  private async untilDrained(signal: AbortSignal): Promise<void> {
    const buffered = () => [...this.lines.values()].reduce((sum, l) => sum + l.tap.buffered, 0)
    while (buffered() > MAX_BUFFERED && !signal.aborted) await new Promise<void>((resolve) => this.waiting.push(resolve))
  }

  /** Notes how far every collection has stored, for those to which nothing came. */
  private async save(): Promise<void> {
    let reached = this.head
    for (const line of this.lines.values()) {
      const first = line.tap.stored(await storedPoint(line.replication))
      if (first !== undefined && first <= reached.n) reached = this.pointBefore(first)
    }
    this.points = this.points.filter((p) => p.n >= reached.n)
    this.points.push(this.head)
    if (reached.n < this.link.place.n) return
    await this.link.keepPlace({ ...reached, tables: [...this.lines.keys()] })
  }

  private points: Point[] = []

  private pointBefore(n: number): Point {
    const { cursor, n: kept } = this.link.place
    return this.points.filter((p) => p.n < n).pop() ?? { cursor, n: kept }
  }

  private async expected(signal: AbortSignal): Promise<number | null> {
    try {
      const { buckets } = await this.link.session.digests(null, signal)
      return Object.values(buckets).flatMap((t) => Object.entries(t)).filter(([t]) => this.lines.has(t)).reduce((sum, [, [n]]) => sum + n, 0)
    } catch (error) {
      if (troubleOf(error).passing || troubleOf(error).kind === 'invalid') return null
      throw error
    }
  }

  /** Rows of tables and fields that an upgraded app is the first to know. */
  private async backfill(signal: AbortSignal): Promise<void> {
    const { schema } = this.link.place
    const now = this.link.session.schemaNo
    if (schema === now) return
    let cursor: string | null = null
    for (let page = 0; schema > 0 && schema < now && this.head.cursor !== null && page < MAX_PAGES; page++) {
      const pull = { cursor, backfill: { from_schema: schema }, tables: [...this.lines.keys()] }
      const answer: SyncAnswer = await this.link.session.sync({ pull }, signal)
      cursor = answer.cursor!
      for (const [table, { tap, stream }] of this.lines) {
        tap.add(this.head, (answer.changes?.[table]?.upsert ?? []).map((r) => tap.codec.doc(r)))
        stream.next('RESYNC')
      }
      if (answer.complete) break
    }
    await this.link.keepPlace({ schema: now })
  }

  // ---- up ----

  private async push(table: string, rows: PushRow[]): Promise<WithDeleted[]> {
    const { tap, collection, stream } = this.lines.get(table)!
    const times = await editTimes(collection, rows)
    const drafts: Draft[] = []
    const back: WithDeleted[] = []
    for (const { assumedMasterState: before, newDocumentState: after } of rows) {
      const draft = tap.codec.draft(before, after, times.get(after.id) ?? new Date().toISOString())
      if (draft) drafts.push(draft)
      else if (before && JSON.stringify(before) !== JSON.stringify(after)) back.push(before)
    }
    if (drafts.length === 0) return back
    tap.watch(drafts.map((d) => d.row))
    const sent = await this.persistently((signal) => this.link.send(drafts, signal))
    if (!sent) return [] // cancelled: RxDB sends them again
    back.push(...(await this.remedies(tap, sent)))
    stream.next('RESYNC') // RxDB holds it back until the push is written down
    this.caughtUp = false
    this.runner.kick()
    return back
  }

  /** The server's rows where it did not simply take ours: RxDB makes them win as conflicts. */
  private async remedies(tap: Tap, sent: Sent[]): Promise<WithDeleted[]> {
    const back: WithDeleted[] = []
    const look: Sent[] = []
    for (const s of sent) {
      const what = remedy(s)
      const { row } = s.mutation
      tap.accepted(row, what === 'none' && s.result?.status !== 'deferred' ? s.result?.v : undefined)
      if (what === 'row') back.push(tap.codec.doc(s.result!.row!))
      else if (what === 'gone') back.push(tap.codec.tombstone(row))
      else if (what === 'look') look.push(s)
    }
    if (look.length > 0) back.push(...((await this.persistently((signal) => this.lookUp(tap, look, signal))) ?? []))
    return back
  }

  private async lookUp(tap: Tap, sent: Sent[], signal: AbortSignal): Promise<WithDeleted[]> {
    const { collection } = this.lines.get(tap.codec.table)!
    const ids = sent.map((s) => s.mutation.row)
    const rows = await this.fetchRows(collection, tap.codec.table, ids, signal)
    return ids.map((id) => {
      const row = rows.get(id)
      return row ? tap.codec.doc(row) : tap.codec.tombstone(id)
    })
  }

  private async fetchRows(collection: RxCollection<PursuitDoc>, table: string, ids: string[], signal: AbortSignal): Promise<Map<string, Row>> {
    const docs = await collection.storageInstance.findDocumentsById(ids, true)
    const buckets = [...new Set(docs.map((d) => d.sync_b).filter((b) => b))]
    const found = buckets.length > 0 ? await wholeBuckets(this.link.session, buckets, this.options.limit ?? 1000, signal) : []
    const wanted = new Set(ids)
    return new Map(found.filter((f) => f.table === table && wanted.has(f.row.id)).map((f) => [f.row.id, f.row]))
  }

  /** Tries until it is answered; an edit waits as long as it must. */
  private async persistently<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const { signal } = this.control
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        return await work(signal)
      } catch (error) {
        const trouble = troubleOf(error)
        if (signal.aborted) break
        this.runner.kick() // it tells the app, listens for the network and obeys orders
        await this.pause(trouble.passing ? pauseBefore(attempt, trouble.retryAfter) : REFUSED_PAUSE_MS)
      }
    }
    return undefined
  }

  private async pause(ms: number): Promise<void> {
    const early = new AbortController()
    const stop = () => early.abort()
    const unlisten = onOnline(stop)
    this.control.signal.addEventListener('abort', stop)
    await sleep(ms, early.signal)
    this.control.signal.removeEventListener('abort', stop)
    unlisten()
  }

  /** Settles what was on its way when the app ended, before RxDB compares with an old state. */
  private async resume(signal: AbortSignal): Promise<void> {
    if (this.resumed) return
    const drafts: Draft[] = []
    for (const { mutation } of await this.link.resume(signal)) {
      const line = this.lines.get(mutation.table)
      const [doc] = line ? await line.collection.storageInstance.findDocumentsById([mutation.row], true) : []
      if (!line || !doc || doc._deleted || mutation.op === 'delete') continue
      const sentState = { ...line.tap.codec.doc({ ...mutation.set, id: mutation.row, _v: mutation.base, _b: '' }) }
      const draft = line.tap.codec.draft(sentState, doc as WithDeleted, new Date(doc._meta.lwt).toISOString())
      const set = Object.fromEntries(Object.entries(draft?.set ?? {}).filter(([f]) => f in (mutation.set ?? {})))
      if (Object.keys(set).length > 0) drafts.push({ ...draft!, op: 'patch', set })
    }
    if (drafts.length > 0) await this.link.send(drafts, signal)
    this.resumed = true
  }

  private resumed = false

  // ---- checks ----

  /** Pushed rows whose new version the stream passed while RxDB was not looking. */
  private async fetchMissing(signal: AbortSignal): Promise<void> {
    for (const { tap, collection, stream } of this.lines.values()) {
      const missing = new Map(tap.missing(this.link.place.seq))
      if (missing.size === 0) continue
      for (const doc of await collection.storageInstance.findDocumentsById([...missing.keys()], true)) {
        if (!doc._deleted && doc.sync_v < missing.get(doc.id)!) continue
        tap.unwatch(doc.id)
        missing.delete(doc.id)
      }
      if (missing.size === 0) continue
      const rows = await this.fetchRows(collection, tap.codec.table, [...missing.keys()], signal)
      // accepted and not shown: a late attempt of a case that has moved on, say
      tap.add(this.head, [...missing.keys()].map((id) => (rows.has(id) ? tap.codec.doc(rows.get(id)!) : tap.codec.tombstone(id))))
      stream.next('RESYNC')
    }
  }

  /** Compares digests with the server; fetches whole, and hands out, what differs. */
  async verify(signal: AbortSignal = this.control.signal): Promise<string[]> {
    const theirs = await this.link.session.digests(this.head.cursor, signal)
    if (theirs.seq > theirs.cursor_seq) return [] // the next sync comes and compares
    for (const line of this.lines.values()) await downQueue(line.replication)
    const ours = new DigestSum()
    const local = new Map<string, [string, string][]>()
    for (const [table, line] of this.lines) {
      for await (const d of everyDoc(line.collection)) {
        if (d._deleted || d.sync_v === 0) continue
        ours.add(table, d.id, d.sync_v, d.sync_b)
        push(local, d.sync_b, [table, d.id] as [string, string])
      }
    }
    const differing = differingBuckets(ours.buckets, theirs.buckets, new Set(this.lines.keys()))
    for (let i = 0; i < differing.length; i += BUCKETS_AT_ONCE) {
      await this.repair(differing.slice(i, i + BUCKETS_AT_ONCE), local, signal)
    }
    await this.link.keepPlace({ verify: false, verifiedAt: Date.now() })
    this.link.session.events.emit({ kind: 'verified', repaired: differing })
    return differing
  }

  private async repair(buckets: string[], local: Map<string, [string, string][]>, signal: AbortSignal): Promise<void> {
    const found = await wholeBuckets(this.link.session, buckets, this.options.limit ?? 1000, signal)
    const docs = new Map<string, Map<string, WithDeleted>>()
    const put = (table: string, doc: WithDeleted) => {
      if (!docs.has(table)) docs.set(table, new Map())
      docs.get(table)!.set(doc.id, doc)
    }
    for (const b of buckets) for (const [table, id] of local.get(b) ?? []) put(table, this.lines.get(table)!.tap.codec.tombstone(id))
    for (const { table, row } of found) if (this.lines.has(table)) put(table, this.lines.get(table)!.tap.codec.doc(row))
    for (const [table, some] of docs) {
      this.lines.get(table)!.tap.add(this.head, [...some.values()])
      this.lines.get(table)!.stream.next('RESYNC')
    }
    this.tellWaiting()
  }
}

interface PushRow {
  assumedMasterState?: WithDeleted
  newDocumentState: WithDeleted
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}

/** When each document was last written here: the time a person made the edit. */
async function editTimes(collection: RxCollection<PursuitDoc>, rows: PushRow[]): Promise<Map<string, string>> {
  const docs = await collection.storageInstance.findDocumentsById(rows.map((r) => r.newDocumentState.id), true)
  return new Map(docs.map((d) => [d.id, new Date(d._meta.lwt).toISOString()]))
}

async function storedPoint(replication: Replication): Promise<Point | undefined> {
  const state = replication.internalReplicationState
  if (!state || replication.isStopped()) return undefined
  const read = state.checkpointQueue.then(() => getLastCheckpointDoc<PursuitDoc, Point>(state, 'down'))
  state.checkpointQueue = read
  return read
}

async function downQueue(replication: Replication): Promise<void> {
  await replication.internalReplicationState?.streamQueue.down
}

async function* everyDoc(collection: RxCollection<PursuitDoc>): AsyncGenerator<WithDeleted> {
  let checkpoint: unknown
  for (;;) {
    const { documents, checkpoint: next } = await getChangedDocumentsSince(collection.storageInstance, SCAN, checkpoint as never)
    for (const d of documents) yield d as unknown as WithDeleted
    if (documents.length < SCAN) return
    checkpoint = next
  }
}

/**
 * Starts the replication of collections made by `rxCollections`, named as the server's tables.
 * Resolves when it runs; `awaitInSync` tells when everything is there.
 */
export async function replicatePursuit(collections: Record<string, RxCollection<any>>, options: ReplicateOptions): Promise<PursuitReplication> {
  if (Object.keys(collections).length === 0) throw new Error('pursuit: no collections')
  const link = new Link(options.session, await stateBeside(Object.values(collections)))
  await link.load()
  const schema = options.schema ?? (await options.session.schema())
  return new PursuitReplication(link, schema, collections, options)
}
