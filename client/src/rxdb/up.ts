import { getHeightOfRevision, type RxDocumentData } from 'rxdb'
import { equal, persistently, remedy, taken, type Draft, type Link, type Row, type Sent } from '@pursuit/client'
import { storedDocs, type Line } from './line.js'
import type { PursuitDoc, WithDeleted } from './schema.js'

/** A document that RxDB wants to send, and what it believes the server has. */
export interface PushRow {
  assumedMasterState?: WithDeleted
  newDocumentState: WithDeleted
}

type Fetch = (line: Line, ids: string[], signal: AbortSignal) => Promise<Map<string, Row>>

/**
 * The way up: each collection's own, in parallel, all through one journal. What the server would
 * not take is given back as a conflict, which the server's row wins.
 */
export class Up {
  private resuming: Promise<true> | undefined
  private open: Sent[] | undefined

  constructor(
    private readonly link: Link, private readonly lines: ReadonlyMap<string, Line>, private readonly signal: AbortSignal,
    private readonly fetchRows: Fetch, private readonly failed: () => void,
  ) {}

  /** RxDB's push handler. Resolves when every document is answered; nothing when given up. */
  async push(line: Line, rows: PushRow[]): Promise<WithDeleted[]> {
    if (!(await this.insist(() => this.resume()))) return []
    const stored = new Map((await storedDocs(line, rows.map((r) => r.newDocumentState.id))).map((d) => [d.id, d]))
    const drafts: Draft[] = []
    const back: WithDeleted[] = []
    for (const { assumedMasterState: before, newDocumentState: after } of rows) {
      const doc = stored.get(after.id)!
      if (await fromServer(line, after, doc)) continue
      const draft = this.draft(line, before, after, editedAt(doc))
      if (draft) drafts.push(draft)
      else if (before && !equal(before, after)) back.push(before) // only the server sets that
    }
    if (drafts.length === 0) return back
    line.tap.watch(drafts.map((d) => d.row))
    await this.link.doubt()
    const sent = await this.insist(() => this.link.send(drafts, this.signal))
    return sent ? back.concat(await this.remedies(line, sent, new Map(rows.map((r) => [r.newDocumentState.id, r.assumedMasterState])))) : []
  }

  /** RxDB may not know that an insert was taken; what was made of the row since is a patch of that. */
  private draft({ table, codec }: Line, before: WithDeleted | undefined, after: WithDeleted, at: string): Draft | undefined {
    const sent = before ? undefined : this.link.inserted(table, after.id)
    return (sent && codec.draft(codec.doc(sent), after, at)) ?? codec.draft(before, after, at)
  }

  private insist<T>(work: () => Promise<T>): Promise<T | undefined> {
    return persistently(this.link.session, work, this.signal, this.failed)
  }

  private async remedies(line: Line, sent: Sent[], before: ReadonlyMap<string, WithDeleted | undefined>): Promise<WithDeleted[]> {
    const back: WithDeleted[] = []
    const look: string[] = []
    for (const s of sent) {
      const what = remedy(s)
      const { row: id } = s.mutation
      line.tap.accepted(id, what === 'none' && s.result?.status !== 'deferred' ? s.result?.v : undefined)
      if (what === 'look') look.push(id)
      else if (what !== 'none') back.push(line.codec.docOf(id, what === 'row' ? s.result!.row : undefined))
    }
    if (look.length === 0) return back
    const rows = (await this.insist(() => this.fetchRows(line, look, this.signal))) ?? new Map<string, Row>()
    // not to be had just now: as it was, until the stream or digests say what is to be here
    if (rows.size < look.length) await this.link.keepPlace({ verify: true })
    return back.concat(look.map((id) => (rows.has(id) ? undefined : before.get(id)) ?? line.codec.docOf(id, rows.get(id))))
  }

  /** Settles what was on its way when the app ended, before RxDB compares with an old state. */
  resume(): Promise<true> {
    this.resuming ??= this.resumeOnce().catch((error) => {
      this.resuming = undefined
      throw error
    })
    return this.resuming
  }

  private async resumeOnce(): Promise<true> {
    this.open ??= await this.link.resume(this.signal)
    const drafts: Draft[] = []
    for (const { mutation, result } of this.open) {
      const line = this.lines.get(mutation.table)
      const [doc] = line ? await storedDocs(line, [mutation.row]) : []
      if (!line || !doc || doc._deleted || mutation.op === 'delete' || !taken(result)) continue
      const sent = line.codec.doc({ ...mutation.set, id: mutation.row, _v: mutation.base, _b: '' })
      const draft = line.codec.draft(sent, doc as WithDeleted, editedAt(doc))
      const since = Object.entries(draft?.set ?? {}).filter(([f]) => f in (mutation.set ?? {}))
      if (since.length > 0) drafts.push({ ...draft!, set: Object.fromEntries(since) })
    }
    if (drafts.length > 0) await this.link.send(drafts, this.signal)
    await this.link.checkpoint()
    return true
  }
}

/** When a document was last written here: the time a person made the edit. */
const editedAt = (doc: RxDocumentData<PursuitDoc>) => new Date(doc._meta.lwt).toISOString()

/**
 * Whether the state to push is what the stream has brought and nobody has touched since. RxDB writes
 * down where a state comes from after the state itself; a push that begins between the two, or
 * after an app was killed there, would send the server's own changes back, removals too.
 */
async function fromServer({ codec, collection, replication }: Line, after: WithDeleted, { _meta: { o }, _rev }: RxDocumentData<PursuitDoc>): Promise<boolean> {
  if (equal(after, codec.tombstone(after.id))) return true
  return o?._rev === getHeightOfRevision(_rev) && o.hash === (await collection.database.hashFunction(`rxdbreplication${replication.replicationIdentifier}`))
}
