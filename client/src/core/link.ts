import { canonical } from './id.js'
import { AckLog, Journal, type Draft } from './journal.js'
import { MAX_OUTCOMES, outcomeFor, outcomeOf, quarantineNews, taken, type Outcome } from './outcome.js'
import { push } from './push.js'
import { parsed, type Durable, type Session } from './session.js'
import { ACK_HORIZON_MS } from './settle.js'
import type { Placed } from './store.js'
import { drift, sidePages } from './stream.js'
import { Trouble, troubleOf } from './trouble.js'
import type { Digests, Mutation, Result, Row, SyncAnswer } from './wire.js'

const REUSED = 'mutation_id_reused'
const MAX_ROUNDS = 3 // of trying again; an insert turned patch of a restored server's row takes two
const VERIFY_EVERY_MS = 24 * 3_600_000 // drift is a fault; a day is soon enough to find it

/** Where a library's database stands in the program's stream. */
export interface LinkPlace {
  cursor: string | null
  /** Counts pages; a later page has a higher number, whatever its cursor says. */
  n: number
  epoch: string | null
  seq: number
  schema: number
  tables: string[]
  reconcile: boolean
  verify: boolean
  /**
   * If the app ends now, digests must be compared: what was dropped after this place, or what is
   * being pushed, may not be shown again.
   */
  unsure?: boolean
  verifiedAt: number
}

/** What became of one edit: an answer, or none because the server cannot read it (`stuck`). */
export interface Sent {
  mutation: Mutation
  result?: Result
}

const EMPTY: LinkPlace = {
  cursor: null, n: 0, epoch: null, seq: 0, schema: 0, tables: [], reconcile: false, verify: false, verifiedAt: 0,
}

/**
 * What an adapter needs beside the library's own database, kept in that database: the place in
 * the stream, the journal of edits on their way, the acknowledged of the last days, and the
 * outcomes. If the database goes, all of it goes with it.
 */
export class Link {
  place: LinkPlace = { ...EMPTY }
  private readonly journal: Journal
  private readonly acks: AckLog
  private told: Outcome[] = []
  private loaded: Promise<void> | undefined
  private writing: Promise<void> = Promise.resolve()

  private readonly durable: Durable
  private closed = false

  constructor(readonly session: Session, durable: Durable) {
    this.durable = {
      get: (key) => durable.get(key),
      set: async (key, value) => {
        if (this.closed) throw new Trouble('aborted')
        await durable.set(key, value)
      },
    }
    this.journal = new Journal(this.durable, 'journal', session.deviceId)
    this.acks = new AckLog(this.durable, 'acked')
  }

  load(): Promise<void> {
    this.loaded ??= this.loadAll()
    return this.loaded
  }

  private async loadAll(): Promise<void> {
    this.place = { ...EMPTY, ...parsed<LinkPlace>(await this.durable.get('place')) }
    if (this.place.unsure) this.place.verify = true
    this.told = parsed<Outcome[]>(await this.durable.get('outcomes')) ?? []
    await this.journal.load()
    await this.acks.load()
  }

  async keepPlace(change: Partial<LinkPlace>): Promise<void> {
    this.place = { ...this.place, ...change }
    await this.inTurn(() => this.durable.set('place', JSON.stringify(this.place)))
  }

  /** Notes that from now on an end of the app asks for digests; `reached` takes it back. */
  async doubt(): Promise<void> {
    if (!this.place.unsure) await this.keepPlace({ unsure: true })
  }

  /** Moves the place on; `sure` when everything handed out up to now is stored. */
  reached({ cursor, n }: { cursor: string | null; n: number }, tables: string[], sure = true): Promise<void> {
    return this.keepPlace({ cursor, n, tables, ...(sure && { unsure: false }) })
  }

  /** Reads what every answer says about the server itself. */
  async heard(answer: SyncAnswer): Promise<boolean> {
    const other = this.place.epoch !== null && this.place.epoch !== answer.epoch
    const reset = other || answer.directive?.kind === 'reconcile'
    if (reset || this.place.epoch === null) await this.keepPlace({ epoch: answer.epoch, reconcile: this.place.reconcile || reset })
    if (answer.directive?.kind === 'upgrade') {
      this.session.events.emit({ kind: 'upgrade', minSchema: answer.directive.min_schema })
    }
    return reset
  }

  /**
   * The page after a cursor, of the tables given. Nothing when the server does not know the
   * cursor: the stream starts again, and digests will tell what should not be here.
   */
  async page(cursor: string | null, tables: string[], limit: number | undefined, signal?: AbortSignal): Promise<SyncAnswer | undefined> {
    try {
      const answer = await this.session.sync({ pull: { cursor, tables, ...(limit && { limit }) } }, signal)
      await this.heard(answer)
      if (answer.drop?.length) await this.doubt()
      return answer
    } catch (error) {
      if (cursor === null || troubleOf(error).kind !== 'bad_cursor') throw error
      await this.keepPlace({ cursor: null, verify: true })
      return undefined
    }
  }

  /** After an app upgrade, the pages of what is new to it; the place says so when they are taken. */
  async *backfill(tables: string[], signal?: AbortSignal): AsyncGenerator<SyncAnswer> {
    const { schema, cursor } = this.place
    const now = this.session.schemaNo
    if (schema === now) return
    if (schema > 0 && schema < now && cursor !== null) yield* sidePages(this.session, { backfill: { from_schema: schema }, tables }, signal)
    await this.keepPlace({ schema: now })
  }

  /** Compares digests and mends what differs; nothing when the server has gone on meanwhile. */
  async verify(
    cursor: string | null, ours: () => Promise<Digests>, only: ReadonlySet<string>,
    mend: (buckets: string[], rows: Placed[]) => Promise<void>, signal?: AbortSignal,
  ): Promise<string[] | undefined> {
    const found = await drift(this.session, cursor, ours, only, signal)
    if (!found) return undefined
    await found.mend(mend)
    await this.keepPlace({ verify: false, verifiedAt: this.session.now() })
    this.session.events.emit({ kind: 'verified', repaired: found.differing })
    return found.differing
  }

  /** Whether digests should be compared now. */
  due(every = VERIFY_EVERY_MS): boolean {
    return this.place.verify || this.session.now() - this.place.verifiedAt > every
  }

  /** If the server went back in time: says again what it acknowledged, and true. */
  async reconcile(signal?: AbortSignal): Promise<boolean> {
    if (!this.place.reconcile) return false
    await this.resend(signal)
    await this.keepPlace({ reconcile: false, verify: true })
    return true
  }

  /** Tells an app how far a long sync is. */
  progress(done: number, total: number | null): void {
    this.session.events.emit({ kind: 'progress', done, total })
  }

  /**
   * Sends edits and says what became of each, in order. Throws a Trouble when the server could
   * not be asked; asking again with the same edits repeats the same mutations.
   */
  async send(drafts: readonly Draft[], signal?: AbortSignal): Promise<Sent[]> {
    return this.followUp(await this.sendDrafts(drafts, signal), signal)
  }

  /** Tries again what was refused for no fault of its own, and tells what stays refused. */
  private async followUp(sent: Sent[], signal?: AbortSignal): Promise<Sent[]> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const again = new Map<Sent, Draft>()
      for (const s of sent) {
        const draft = secondTry(s, this.place.reconcile && round === 0)
        if (draft) again.set(s, draft)
      }
      if (again.size === 0) break
      if (this.place.reconcile && round === 0) await this.resend(signal)
      for (const s of again.keys()) this.journal.forget(s.mutation)
      const second = await this.sendDrafts([...again.values()], signal)
      const replaced = new Map([...again.keys()].map((s, i) => [s, second[i]!]))
      sent = sent.map((s) => replaced.get(s) ?? s)
    }
    await this.inTurn(() => this.tell(sent.map(({ mutation, result }) => (result?.code === REUSED ? outcomeOf(mutation, result) : undefined))))
    return sent.map(alreadyThere)
  }

  private async sendDrafts(drafts: readonly Draft[], signal?: AbortSignal): Promise<Sent[]> {
    return this.sendNamed(await this.inTurn(() => this.journal.name(drafts)), signal)
  }

  private async sendNamed(named: readonly Mutation[], signal?: AbortSignal): Promise<Sent[]> {
    const results = new Map<string, Result>()
    const done = async (batch: readonly Mutation[], answer: SyncAnswer) => {
      await this.heard(answer)
      for (const r of answer.results ?? []) results.set(r.id, r)
      await this.settle(batch, answer.results ?? [])
    }
    await push(this.session, named, (p) => done(p.batch, p.answer), (spoilt, t) => this.keepStuck(spoilt, t), signal)
    return named.map((mutation) => {
      const result = results.get(mutation.id)
      return result ? { mutation, result } : { mutation }
    })
  }

  private settle(batch: readonly Mutation[], results: readonly Result[]): Promise<void> {
    return this.inTurn(async () => {
      this.journal.answered(batch, results)
      const accepted = batch.filter((_, i) => results[i]!.status !== 'rejected')
      await this.acks.append(accepted, this.session.now(), ACK_HORIZON_MS)
      await this.tell(batch.map((m, i) => (triedAgain(results[i]!) ? undefined : outcomeOf(m, results[i]!))))
    })
  }

  private keepStuck(mutations: Mutation[], trouble: Trouble): Promise<void> {
    return this.inTurn(() => this.tell(mutations.map((m) => ({ ...outcomeFor(m, 'stuck'), code: trouble.code || trouble.kind }))))
  }

  /**
   * Asks again about everything sent and never answered; what a crash or a dead line left. The
   * answers are written down by the next `send` or `checkpoint`.
   */
  async resume(signal?: AbortSignal): Promise<Sent[]> {
    return this.followUp(await this.sendNamed(this.journal.unanswered(), signal), signal)
  }

  /** The row as it was inserted, if the server has it and the library may not know that. */
  inserted(table: string, row: string): Row | undefined {
    return this.journal.inserted(table, row)
  }

  /** Writes down what has been answered. Call it when the library has stored the results. */
  checkpoint(): Promise<void> {
    return this.inTurn(() => this.journal.save())
  }

  /**
   * Ends the writing: what is answered from now on is as if it had been lost on the way. The next
   * link on the same storage must be made after this has resolved.
   */
  async close(): Promise<void> {
    await this.checkpoint().catch(() => undefined) // the database may be closed already
    this.closed = true
  }

  /** Says again what the server acknowledged in the last days (docs/protocol.md, section 9). */
  async resend(signal?: AbortSignal): Promise<void> {
    const since = new Date(this.session.now() - ACK_HORIZON_MS).toISOString()
    const acked = (await this.acks.all()).filter((m) => m.at >= since)
    const known = new Map(acked.map((m) => [m.id, m]))
    await push(this.session, [...known.values()], async (p) => void (await this.heard(p.answer)), async () => undefined, signal)
  }

  /** Reads rows of table `quarantine`; gives the edits they speak of whose rows were never accepted. */
  async news(rows: readonly Row[]): Promise<Outcome[]> {
    const known = new Map(this.told.map((o) => [o.id, o]))
    const changed: Outcome[] = []
    for (const row of rows) {
      const news = quarantineNews(row)
      const outcome = news && known.get(news.mutation)
      if (news && outcome && outcome.status !== news.status) changed.push({ ...outcome, status: news.status })
    }
    await this.inTurn(() => this.tell(changed))
    return changed.filter((o) => o.op === 'insert' && o.status !== 'released')
  }

  outcomes(): Outcome[] {
    return [...this.told]
  }

  dismiss(...ids: string[]): Promise<void> {
    const gone = new Set(ids)
    this.told = this.told.filter((o) => !gone.has(o.id))
    return this.inTurn(() => this.durable.set('outcomes', JSON.stringify(this.told)))
  }

  private async tell(news: readonly (Outcome | undefined)[]): Promise<void> {
    const outcomes = news.filter((o): o is Outcome => o !== undefined)
    if (outcomes.length === 0) return
    const fresh = new Set(outcomes.map((o) => o.id))
    this.told = [...this.told.filter((o) => !fresh.has(o.id)), ...outcomes].slice(-MAX_OUTCOMES)
    await this.durable.set('outcomes', JSON.stringify(this.told))
    for (const outcome of outcomes) this.session.events.emit({ kind: 'outcome', outcome })
  }

  /** Parallel pushes share one journal: its writes go one after the other. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.writing.then(work)
    this.writing = next.then(() => undefined, () => undefined)
    return next
  }
}

/** An insert of a row that is there: the library forgot, or never learned, that it was accepted. */
function isThere(result: Result | undefined): boolean {
  return result?.code === 'row_exists' && result.row !== undefined
}

function triedAgain(result: Result): boolean {
  return isThere(result) || result.code === REUSED
}

/**
 * The edit to try instead of one that was refused for no fault of its own: an insert whose row is
 * there already becomes a patch of what differs; an edit of a row that a restored server has lost
 * is sent again once the server has been told about the row; one whose id is another's already,
 * with another.
 */
function secondTry({ mutation, result }: Sent, reset: boolean): Draft | undefined {
  const { table, row, op, base, at, set } = mutation
  const again = result?.code === REUSED || (reset && result?.code === 'row_gone')
  if (again) return { table, row, op, base, at, ...(set && { set }) }
  if (!result || !isThere(result)) return undefined
  const there = result.row!
  const differing = Object.entries(set ?? {}).filter(([f, value]) => canonical(value) !== canonical(there[f] ?? null))
  if (differing.length === 0) return undefined
  // on the insert itself, not on what others have made of the row since
  return { table, row, op: 'patch', base: 0, at, set: Object.fromEntries(differing) }
}

function alreadyThere(sent: Sent): Sent {
  if (!isThere(sent.result)) return sent
  const { id, row } = sent.result!
  return { mutation: sent.mutation, result: { id, status: 'merged', v: row!._v, row: row! } }
}

/**
 * What a result asks of the library's copy of the row: nothing, the server's row in its place, or
 * a look at the server because the answer did not say.
 */
export function remedy(sent: Sent): 'none' | 'row' | 'gone' | 'look' {
  const { mutation, result } = sent
  if (!result) return 'none'
  if (result.row && result.row.id !== mutation.row) return 'gone' // merged into that person, who comes in the pull
  if (result.row) return 'row'
  if (taken(result)) return 'none'
  return mutation.op === 'insert' && result.code !== 'row_exists' ? 'gone' : 'look'
}
