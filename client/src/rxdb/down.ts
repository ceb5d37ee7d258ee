import { Bell, DigestSum, MAX_PAGES, expectedRows, rowsIn, sleep, wholeBuckets, type Digests, type Link, type Placed, type Point, type Row, type SyncAnswer } from '@pursuit/client'
import { calm, serverDocs, storedDocs, storedPoint, type Line } from './line.js'
import type { WithDeleted } from './schema.js'

const MAX_BUFFERED = 20 // pages waiting for one slow collection before the next is fetched
const STORING_MS = 20 // between two looks whether the collections have stored what they were handed
const SAVE_EVERY = 10 // pages between two notes of how far everything is stored

/**
 * The one stream from the server, fanned out to all collections.
 *
 * Each collection stores the point it has reached with the documents of that point. One to which
 * nothing comes stores none, so the link keeps the point that all have reached; a start goes from
 * there, or from the collection furthest behind.
 */
export class Down {
  private readonly starts = new Map<string, Point | undefined>()
  private readonly bell = new Bell() // rings at signs of life of the stream
  private points: Point[] = []
  private head: Point = { cursor: null, n: 0 }
  /** Raised to ask for what is there from now on: reading already under way may have passed it. */
  asked = 1
  private answered = 0

  constructor(
    private readonly link: Link, private readonly lines: ReadonlyMap<string, Line>, private readonly signal: AbortSignal,
    private readonly limit: number | undefined, private readonly begun: () => void,
  ) {
    signal.addEventListener('abort', () => this.bell.ring())
  }

  /** RxDB's pull handler: what is there for a collection, or a wait until there is, or all is read. */
  async pull(line: Line, checkpoint: Point | undefined): Promise<{ documents: WithDeleted[]; checkpoint: Point }> {
    if (!this.starts.has(line.table)) {
      this.starts.set(line.table, checkpoint)
      if (this.starts.size === this.lines.size) this.begin()
    }
    while (!this.signal.aborted) {
      const taken = line.tap.take(calm(line), this.head)
      if (taken) {
        this.bell.ring() // the stream may be waiting for room
        return taken
      }
      if (this.caughtUp) break
      await this.bell.next()
    }
    return { documents: [], checkpoint: checkpoint ?? this.head }
  }

  private begin(): void {
    const { cursor, n, tables } = this.link.place
    const same = tables.length > 0 && [...this.lines.keys()].every((t) => tables.includes(t))
    const whole: Point = same ? { cursor, n } : { cursor: null, n: 0 }
    const starts = [...this.starts.values()]
    const first = starts.map((p) => (same && p && p.n > whole.n ? p : whole)).reduce((a, b) => (b.n < a.n ? b : a))
    this.head = { cursor: first.cursor, n: Math.max(n, ...starts.map((p) => p?.n ?? 0)) }
    this.begun()
  }

  get started(): boolean {
    return this.starts.size === this.lines.size
  }

  private get caughtUp(): boolean {
    return this.answered === this.asked
  }

  /** Resolves when the stream is read to its end. */
  async toEnd(): Promise<void> {
    while (!this.caughtUp && !this.signal.aborted) await this.bell.next()
  }

  /** Reads the stream to its end. */
  async pages(signal: AbortSignal): Promise<void> {
    const tables = [...this.lines.keys()]
    const { asked } = this
    const total = this.head.cursor === null ? await expectedRows(this.link.session, new Set(tables), signal) : null
    for (let page = 0, done = 0; page < MAX_PAGES; page++) {
      const answer = await this.link.page(this.head.cursor, tables, this.limit, signal)
      if (!answer) {
        this.head = { cursor: null, n: this.head.n + 1 }
        continue
      }
      await this.distribute(answer)
      this.link.progress((done += rowsIn(answer)), total)
      if (answer.complete) break
      if (page % SAVE_EVERY === SAVE_EVERY - 1) await this.save()
      while (this.full() && !signal.aborted) await this.bell.next()
    }
    this.answered = asked
    this.bell.ring()
  }

  private full(): boolean {
    return [...this.lines.values()].some((l) => l.tap.buffered > MAX_BUFFERED)
  }

  /** Hands a page to the collections: first what goes, then what comes. */
  private async distribute(answer: SyncAnswer): Promise<void> {
    const point = { cursor: answer.cursor!, n: this.head.n + 1 }
    const orphans = await this.link.news(answer.changes?.quarantine?.upsert ?? [])
    for (const line of this.lines.values()) {
      const { table, codec } = line
      const change = answer.changes?.[table]
      const gone = await this.expand(line, answer.drop ?? [])
      for (const o of orphans) if (o.table === table) gone.push(o.row)
      for (const r of change?.remove ?? []) gone.push(r.id)
      this.hand(line, point, [...gone.map((id) => codec.tombstone(id)), ...(change?.upsert ?? []).map((r) => codec.doc(r))])
    }
    this.head = point
    this.link.place.seq = answer.seq
    this.bell.ring()
  }

  private hand(line: Line, point: Point, docs: WithDeleted[]): void {
    if (docs.length === 0) return
    line.tap.add(point, docs)
    line.stream.next('RESYNC')
  }

  /** The local rows of buckets, and those on their way there. */
  private async expand({ collection, tap }: Line, buckets: readonly string[]): Promise<string[]> {
    if (buckets.length === 0) return []
    const there = await collection.find({ selector: { sync_b: { $in: [...buckets] } } }).exec()
    return [...new Set([...tap.recentIn(new Set(buckets)), ...there.map((d) => d.id)])]
  }

  /** Notes how far every collection has stored; true when that is all there is. */
  async save(): Promise<boolean> {
    let reached = this.head
    this.points.push(this.head)
    for (const line of this.lines.values()) {
      const first = line.tap.stored(await storedPoint(line))
      if (first !== undefined && first <= reached.n) reached = this.points.filter((p) => p.n < first).pop() ?? this.link.place
    }
    this.points = this.points.filter((p) => p.n >= reached.n)
    const sure = reached === this.head && ![...this.lines.values()].some((l) => l.tap.waits)
    if (reached.n >= this.link.place.n) await this.link.reached(reached, [...this.lines.keys()], sure)
    return reached === this.head
  }

  /** Rows of tables and fields that an upgraded app is the first to know. */
  async backfill(signal: AbortSignal): Promise<void> {
    for await (const answer of this.link.backfill([...this.lines.keys()], signal)) {
      for (const line of this.lines.values()) {
        this.hand(line, this.head, (answer.changes?.[line.table]?.upsert ?? []).map((r) => line.codec.doc(r)))
      }
    }
  }

  /** The server's rows of a collection, by id, found through the buckets they are in here. */
  async fetchRows(line: Line, ids: string[], signal: AbortSignal): Promise<Map<string, Row>> {
    const buckets = (await storedDocs(line, ids)).map((d) => d.sync_b)
    const found = await wholeBuckets(this.link.session, buckets, signal)
    return new Map(found.filter((f) => f.table === line.table).map((f) => [f.row.id, f.row]))
  }

  /** Pushed rows whose new version the stream passed while RxDB was not looking, or never showed. */
  async fetchMissing(signal: AbortSignal): Promise<void> {
    for (const line of this.lines.values()) {
      const missing = new Map(line.tap.missing(this.link.place.seq))
      if (missing.size === 0) continue
      for (const doc of await storedDocs(line, [...missing.keys()])) {
        if (!doc._deleted && doc.sync_v < missing.get(doc.id)!) continue
        line.tap.unwatch(doc.id)
        missing.delete(doc.id)
      }
      const ids = [...missing.keys()]
      if (ids.length === 0) continue
      const rows = await this.fetchRows(line, ids, signal)
      // accepted and not shown: a late attempt of a case that has moved on, say
      this.hand(line, this.head, ids.map((id) => line.codec.docOf(id, rows.get(id))))
    }
  }

  /** Compares digests with the server; fetches whole, and hands out, what differs. */
  async verify(signal: AbortSignal): Promise<string[]> {
    // while somebody asks for more, RxDB waits for us: then the next sync compares
    while (!(await this.save())) {
      if (!this.caughtUp || signal.aborted) return []
      await sleep(STORING_MS)
    }
    const mend = async (buckets: string[], rows: Placed[]) => {
      for (const line of this.lines.values()) {
        const there = new Map(rows.filter((r) => r.table === line.table).map((r) => [r.row.id, r.row]))
        const ids = new Set([...there.keys(), ...(await this.expand(line, buckets))])
        this.hand(line, this.head, [...ids].map((id) => line.codec.docOf(id, there.get(id))))
      }
      this.bell.ring()
    }
    const found = await this.link.verify(this.head.cursor, () => this.digests(), new Set(this.lines.keys()), mend, signal)
    return found ?? [] // undefined: the server has gone on; the next sync comes and compares
  }

  private async digests(): Promise<Digests> {
    const sum = new DigestSum()
    for (const line of this.lines.values()) for await (const d of serverDocs(line)) sum.add(line.table, d.id, d.sync_v, d.sync_b)
    return sum.buckets
  }
}
