import { derivedId, fingerprint } from './id.js'
import { taken } from './outcome.js'
import { parsed, type Durable } from './session.js'
import type { Mutation, Result, Row } from './wire.js'

/** An edit that has no mutation id yet. */
export type Draft = Omit<Mutation, 'id' | 'group'>

interface Entry {
  print: string
  mutation: Mutation
  /** What the server said of it, when it did: it has the edit, or would not take it. */
  fate?: 'taken' | 'refused'
  /** Of a row that was inserted here and has not come back: what the server has taken of it so far. */
  own?: { v: number; set: Record<string, unknown> }
}

const ANSWERED_KEPT = 100 // enough for a batch whose answer the library had no time to write down

/**
 * Gives edits of a library their mutation ids, so that a repeat is recognised and a new edit
 * never taken for one.
 *
 * The library knows only that a row differs; whether the server has already heard of it, it
 * cannot tell after a lost answer or a crash. The journal can: it is on disk before a request
 * leaves, and the same edit of a row asked again is the same mutation to the byte. Once another
 * edit of that row has been named, the first one may come back as a new mutation: A→B→A→B is
 * four. So may one that was refused and that a person makes once more.
 *
 * A storage that forgets what it was last told (LokiJS saves itself now and then) may lead to the
 * same turn again: then all that the server compares is in the id, or it would say
 * `mutation_id_reused`.
 *
 * An edit must not be named while an earlier one of its row is unanswered: it takes its place, and
 * the earlier one would not be asked about again.
 */
export class Journal {
  private entries = new Map<string, Entry>()
  private turn = 0

  constructor(private readonly durable: Durable, private readonly key: string, private readonly device: string) {}

  async load(): Promise<void> {
    const kept = parsed<{ turn: number; entries: [string, Entry][] }>(await this.durable.get(this.key))
    this.turn = kept?.turn ?? 0
    this.entries = new Map(kept?.entries)
  }

  /** Names the edits and stores them; they may be sent when the promise resolves. */
  async name(drafts: readonly Draft[]): Promise<Mutation[]> {
    this.turn++
    const named = drafts.map((d) => this.nameOne(d))
    this.forgetAnswered()
    await this.save()
    return named
  }

  private nameOne(draft: Draft): Mutation {
    const key = `${draft.table}/${draft.row}`
    const print = fingerprint([draft.op, draft.base, draft.set ?? null])
    const known = this.entries.get(key)
    if (known?.print === print && (known.fate !== 'refused' || known.mutation.at === draft.at)) return known.mutation
    const own = draft.base ? undefined : known?.own
    // nobody else had seen what was inserted, so it is what an edit of it was made on
    const mutation = { id: derivedId(this.device, this.turn, key, print, draft.at), ...draft, base: draft.base || (own?.v ?? 0) }
    this.entries.delete(key)
    this.entries.set(key, { print, mutation, ...(own && { own }) })
    return mutation
  }

  /** Notes what was answered; it stays a while in case the library asks again. */
  answered(batch: readonly Mutation[], results: readonly Result[]): void {
    for (const [i, m] of batch.entries()) {
      const entry = this.entries.get(`${m.table}/${m.row}`)
      const result = results[i]!
      if (entry?.mutation.id !== m.id) continue
      entry.fate = taken(result) ? 'taken' : 'refused'
      if (entry.fate === 'taken' && (m.op === 'insert' || entry.own)) {
        entry.own = { v: entry.own?.v ?? result.v ?? 0, set: { ...entry.own?.set, ...m.set } }
      }
    }
  }

  /** A row inserted here as the server has taken it, if that is all there is to know of it. */
  inserted(table: string, row: string): Row | undefined {
    const own = this.entries.get(`${table}/${row}`)?.own
    return own && { ...own.set, id: row, _v: own.v, _b: '' }
  }

  /** Forgets a mutation, so that the same edit gets a new id. */
  forget(m: Mutation): void {
    this.entries.delete(`${m.table}/${m.row}`)
  }

  /** What was sent, or about to be, and never answered, in order. */
  unanswered(): Mutation[] {
    return [...this.entries.values()].filter((e) => !e.fate).map((e) => e.mutation)
  }

  async save(): Promise<void> {
    await this.durable.set(this.key, JSON.stringify({ turn: this.turn, entries: [...this.entries] }))
  }

  private forgetAnswered(): void {
    const answered = [...this.entries].filter(([, e]) => e.fate)
    for (const [key] of answered.slice(0, Math.max(0, answered.length - ANSWERED_KEPT))) this.entries.delete(key)
  }
}

const CHUNK = 50 // mutations a stored text: one more edit rewrites a few kilobytes, not a week's

/** Mutations the server has acknowledged, by day of the acknowledgement, kept for `ack_horizon`. */
export class AckLog {
  private chunks: { n: number; at: number }[] = []
  private last: Mutation[] = []

  constructor(private readonly durable: Durable, private readonly key: string) {}

  async load(): Promise<void> {
    this.chunks = parsed<{ n: number; at: number }[]>(await this.durable.get(this.key)) ?? []
    const newest = this.chunks[this.chunks.length - 1]
    this.last = newest ? await this.chunk(newest.n) : []
  }

  private async chunk(n: number): Promise<Mutation[]> {
    return parsed<Mutation[]>(await this.durable.get(`${this.key}/${n}`)) ?? []
  }

  async append(mutations: readonly Mutation[], at: number, horizon: number): Promise<void> {
    for (let i = 0; i < mutations.length;) {
      const open = this.chunks[this.chunks.length - 1]
      if (!open || this.last.length >= CHUNK) {
        this.chunks.push({ n: (open?.n ?? 0) + 1, at })
        this.last = []
        continue
      }
      const part = mutations.slice(i, i + CHUNK - this.last.length)
      this.last.push(...part)
      i += part.length
      open.at = at
      await this.durable.set(`${this.key}/${open.n}`, JSON.stringify(this.last))
    }
    await this.trim(at - horizon)
  }

  private async trim(before: number): Promise<void> {
    while (this.chunks.length > 1 && this.chunks[0]!.at < before) {
      await this.durable.set(`${this.key}/${this.chunks.shift()!.n}`, null)
    }
    await this.durable.set(this.key, JSON.stringify(this.chunks))
  }

  /** Everything still kept, oldest first. */
  async all(): Promise<Mutation[]> {
    const lists = await Promise.all(this.chunks.map((c) => this.chunk(c.n)))
    return lists.flat()
  }
}
