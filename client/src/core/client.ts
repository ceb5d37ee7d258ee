import { DigestSum } from './digest.js'
import { Events, type Listener } from './events.js'
import { newId } from './id.js'
import { outcomeFor, type Outcome } from './outcome.js'
import { batches, push } from './push.js'
import { Runner } from './runner.js'
import { parsed, type Session } from './session.js'
import { ACK_HORIZON_MS, allOutcomes, paged, settled } from './settle.js'
import type { Store } from './store.js'
import { MAX_PAGES, drift, expectedRows, rowsIn, sidePages } from './stream.js'
import { Trouble } from './trouble.js'
import type { Mutation, Op, Row, SyncAnswer } from './wire.js'

const PLACE = 'pursuit/place'
const ECHOES = 'pursuit/echoes'
const MAX_CHASES = 5 // digests asked again because the program moved on meanwhile
const VERIFY_EVERY_MS = 24 * 3_600_000 // drift is a fault; a day is soon enough to find it

/** Where this device stands in the program's stream. */
interface Place {
  cursor: string | null
  epoch: string | null
  seq: number
  /** The schema the rows were pulled with. */
  schema: number
  /** The server went back in time and has yet to be healed. */
  reconcile?: boolean
  /** A stream that started again, so rows may be here that should not. */
  verify?: boolean
  verifiedAt?: number
}

interface Echo {
  table: string
  id: string
  v: number
}

export interface PursuitOptions {
  session: Session
  store: Store
  /** Rows a page, the server's default unless given; smaller pages show progress sooner. */
  limit?: number
  /** Listen for tickles while running; true unless told otherwise. */
  live?: boolean
}

export interface Edit {
  table: string
  row: string
  op: Op
  set?: Record<string, unknown>
}

/**
 * A device that keeps its rows and its unsent edits in a Store.
 *
 * Every edit is in the store before its promise resolves and leaves it only when the server has
 * answered it. Reads show the server's rows with the unsent edits laid over them.
 */
export class Pursuit {
  readonly session: Session
  private readonly store: Store
  private readonly limit: { limit?: number }
  private readonly runner: Runner
  private unsent: Mutation[] = []
  private readonly stuck = new Set<string>()
  private place: Place = { cursor: null, epoch: null, seq: 0, schema: 0 }
  private busy: Promise<void> | undefined
  /** Rows just accepted, until the stream shows them; what it never shows is no longer ours. */
  private echoes = new Map<string, Echo>()
  private echoesKept = false

  private constructor(options: PursuitOptions) {
    this.session = options.session
    this.store = options.store
    this.limit = options.limit ? { limit: options.limit } : {} // the server's default need not be said
    this.runner = new Runner({
      session: this.session,
      once: (signal) => this.sync(signal),
      seq: () => this.place.seq,
      erase: () => this.erase(),
      live: options.live ?? true,
    })
  }

  static async open(options: PursuitOptions): Promise<Pursuit> {
    const pursuit = new Pursuit(options)
    pursuit.place = { ...pursuit.place, ...parsed<Place>(await options.store.get(PLACE)) }
    pursuit.echoes = new Map(parsed<[string, Echo][]>(await options.store.get(ECHOES)))
    pursuit.echoesKept = pursuit.echoes.size > 0
    pursuit.unsent = await options.store.outbox()
    return pursuit
  }

  on(listener: Listener): () => void {
    return this.session.events.on(listener)
  }

  private get events(): Events {
    return this.session.events
  }

  /** Keeps syncing until `stop`: after edits, on tickles, when the network returns. */
  start(): void {
    this.runner.start()
  }

  stop(): Promise<void> {
    return this.runner.stop()
  }

  async insert(table: string, set: Record<string, unknown>, row = newId(this.session.now())): Promise<string> {
    await this.write([{ table, row, op: 'insert', set }])
    return row
  }

  /** Changes only the fields named; what this app does not know is never blanked. */
  patch(table: string, row: string, set: Record<string, unknown>): Promise<void> {
    return this.write([{ table, row, op: 'patch', set }])
  }

  delete(table: string, row: string): Promise<void> {
    return this.write([{ table, row, op: 'delete' }])
  }

  /** Stores edits; with `together`, the server applies all of them or none. */
  async write(edits: Edit[], together = false): Promise<void> {
    const now = this.session.now()
    const at = new Date(now).toISOString()
    const group = together && edits.length > 1 ? newId(now) : undefined
    const made: Mutation[] = []
    for (const edit of edits) {
      const base = edit.op === 'insert' ? 0 : ((await this.store.row(edit.table, edit.row))?._v ?? 0)
      made.push({ id: newId(now), ...(group && { group }), ...edit, base, at })
    }
    await this.store.commit({ enqueue: made })
    this.unsent.push(...made)
    this.runner.kick()
  }

  async get(table: string, id: string): Promise<Row | undefined> {
    return this.overlaid(table, id, await this.store.row(table, id))
  }

  async list(table: string): Promise<Row[]> {
    const rows = new Map((await this.store.rows(table)).map((r) => [r.id, r]))
    for (const m of this.unsent) if (m.table === table && !rows.has(m.row)) rows.set(m.row, { id: m.row, _v: 0, _b: '' })
    const shown = [...rows.values()].map((r) => this.overlaid(table, r.id, r._v || r._b ? r : undefined))
    return shown.filter((r): r is Row => r !== undefined)
  }

  private overlaid(table: string, id: string, row: Row | undefined): Row | undefined {
    for (const m of this.unsent) {
      if (m.table !== table || m.row !== id) continue
      if (m.op === 'delete') row = undefined
      else if (row || m.op === 'insert') row = { ...(row ?? { id, _v: 0, _b: '' }), ...m.set }
    }
    return row
  }

  /** What is unsent, and what the server said that a person may want to know. */
  async outcomes(): Promise<Outcome[]> {
    return allOutcomes(this.unsent, await this.store.outcomes())
  }

  dismiss(...ids: string[]): Promise<void> {
    return this.store.commit({ dismiss: ids })
  }

  /** Erases everything on this device, the unsent included. */
  async erase(): Promise<void> {
    await this.store.clear()
    this.unsent = []
    this.echoes.clear()
    this.place = { cursor: null, epoch: null, seq: 0, schema: 0 }
  }

  /** Sends what is unsent and fetches what is new; at most one runs at a time. */
  sync(signal?: AbortSignal): Promise<void> {
    this.busy ??= this.whole(signal).finally(() => (this.busy = undefined))
    return this.busy
  }

  private async whole(signal?: AbortSignal): Promise<void> {
    await this.backfill(signal)
    await this.rounds(signal)
    if (this.place.reconcile) await this.reconcile(signal)
    const due = this.session.now() - (this.place.verifiedAt ?? 0) > VERIFY_EVERY_MS
    if (this.place.verify || due) await this.verify(signal)
  }

  private async rounds(signal?: AbortSignal): Promise<void> {
    let done = 0
    const total = this.place.cursor === null ? await expectedRows(this.session, undefined, signal) : null
    for (let round = 0; round < MAX_PAGES; round++) {
      const answer = await this.round(signal)
      const rows = rowsIn(answer)
      done += rows
      if (rows > 0 || round === 0) this.events.emit({ kind: 'progress', done, total })
      if (this.place.reconcile) return // before anything else is sent, the server must hear what it forgot
      if (answer.complete && this.sendable().length === 0) return this.forgetUnseen()
    }
  }

  private async forgetUnseen(): Promise<void> {
    const remove = [...this.echoes.values()].filter((e) => e.v <= this.place.seq)
    if (this.echoes.size === 0) return
    this.echoes.clear()
    await this.store.commit({ remove, keys: this.echoKeys() })
  }

  private sendable(): Mutation[] {
    return this.unsent.filter((m) => !this.stuck.has(m.id))
  }

  /** One request: the next batch up, the next page down. */
  private async round(signal?: AbortSignal): Promise<SyncAnswer> {
    const batch = batches(this.sendable())[0] ?? []
    const pull = { cursor: this.place.cursor, ...this.limit }
    try {
      const answer = await this.session.sync(batch.length > 0 ? { push: batch, pull } : { pull }, signal)
      await this.takeResults(batch, answer)
      await this.takePage(answer)
      return answer
    } catch (error) {
      const kind = error instanceof Trouble ? error.kind : ''
      if (kind === 'bad_cursor' && this.place.cursor !== null) await this.keepPlace({ cursor: null, verify: true })
      else if (batch.length > 0 && (kind === 'invalid' || kind === 'too_large')) await this.pushAlone(batch, signal)
      else throw error
      return this.round(signal)
    }
  }

  /** Finds the mutation that spoils its whole request, and sends the others. */
  private pushAlone(batch: Mutation[], signal?: AbortSignal): Promise<void> {
    return push(this.session, batch, (p) => this.takeResults(p.batch, p.answer), (spoilt, t) => this.keepStuck(spoilt, t), signal)
  }

  private async keepStuck(mutations: Mutation[], trouble: Trouble): Promise<void> {
    const outcomes = mutations.map((m) => ({ ...outcomeFor(m, 'stuck'), code: trouble.code || trouble.kind }))
    for (const m of mutations) this.stuck.add(m.id)
    await this.store.commit({ outcomes })
    for (const outcome of outcomes) this.events.emit({ kind: 'outcome', outcome })
  }

  private async takeResults(batch: readonly Mutation[], answer: SyncAnswer): Promise<void> {
    if (batch.length === 0) return
    const commit = await settled(this.store, batch, answer, this.session.now(), this.resetBy(answer))
    for (const [i, m] of batch.entries()) {
      const { status, v } = answer.results![i]!
      if (m.op === 'insert' && status === 'applied' && v) this.echoes.set(`${m.table}/${m.row}`, { table: m.table, id: m.row, v })
    }
    await this.store.commit({ ...commit, keys: this.echoKeys() })
    const gone = new Set(commit.dequeue)
    this.unsent = this.unsent.filter((m) => !gone.has(m.id)).concat(commit.enqueue ?? [])
    for (const outcome of commit.outcomes ?? []) this.events.emit({ kind: 'outcome', outcome })
  }

  private echoKeys(): Record<string, string | null> {
    this.echoesKept ||= this.echoes.size > 0
    return this.echoesKept ? { [ECHOES]: this.echoes.size > 0 ? JSON.stringify([...this.echoes]) : null } : {}
  }

  private resetBy(answer: SyncAnswer): boolean {
    const other = this.place.epoch !== null && this.place.epoch !== answer.epoch
    return other || answer.directive?.kind === 'reconcile'
  }

  private async takePage(answer: SyncAnswer): Promise<void> {
    const commit = await paged(this.store, answer)
    const place: Place = { ...this.place, cursor: answer.cursor!, seq: answer.seq, epoch: answer.epoch }
    if (this.resetBy(answer)) place.reconcile = true
    for (const { table, row } of commit.put ?? []) this.echoes.delete(`${table}/${row.id}`)
    await this.store.commit({ ...commit, keys: { ...this.echoKeys(), [PLACE]: JSON.stringify(place) } })
    this.place = place
    for (const outcome of commit.outcomes ?? []) this.events.emit({ kind: 'outcome', outcome })
    const tables = Object.keys(answer.changes ?? {})
    if (tables.length > 0 || answer.drop?.length) this.events.emit({ kind: 'changed', tables })
    if (answer.directive?.kind === 'upgrade') this.events.emit({ kind: 'upgrade', minSchema: answer.directive.min_schema })
  }

  private async keepPlace(change: Partial<Place>): Promise<void> {
    this.place = { ...this.place, ...change }
    await this.store.set(PLACE, JSON.stringify(this.place))
  }

  /** Heals a server restored from a backup: says again what it once acknowledged, then compares. */
  private async reconcile(signal?: AbortSignal): Promise<void> {
    const since = new Date(this.session.now() - ACK_HORIZON_MS).toISOString()
    const acked = (await this.store.acked()).filter((m) => m.at >= since)
    await push(this.session, acked, (p) => this.takeResults(p.batch, p.answer), async () => undefined, signal)
    await this.keepPlace({ reconcile: false, verify: true })
    await this.rounds(signal)
  }

  /** Compares digests with the server and fetches whole what differs; answers those buckets. */
  async verify(signal?: AbortSignal): Promise<string[]> {
    const ours = async () => {
      const sum = new DigestSum()
      await this.store.each((table, row) => {
        if (row._v > 0) sum.add(table, row.id, row._v, row._b)
      })
      return sum.buckets
    }
    for (let chase = 0; chase < MAX_CHASES; chase++) {
      const found = await drift(this.session, this.place.cursor, ours, undefined, signal)
      if (found) {
        await found.mend((drop, put) => this.store.commit({ drop, put }))
        await this.keepPlace({ verify: false, verifiedAt: this.session.now() })
        this.events.emit({ kind: 'verified', repaired: found.differing })
        return found.differing
      }
      await this.rounds(signal)
    }
    return [] // the program moves too fast just now; the next sync compares again
  }

  /** After an app upgrade: the rows of tables and fields that are new to it. */
  private async backfill(signal?: AbortSignal): Promise<void> {
    const { schema, cursor } = this.place
    if (schema === this.session.schemaNo) return
    if (schema > 0 && schema < this.session.schemaNo && cursor !== null) {
      const pull = { backfill: { from_schema: schema }, ...this.limit }
      for await (const answer of sidePages(this.session, pull, signal)) await this.store.commit(await paged(this.store, answer))
    }
    await this.keepPlace({ schema: this.session.schemaNo })
  }
}
