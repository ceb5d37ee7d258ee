import { equal, persistently, remedy, type Draft, type Link, type Row, type Sent } from '@pursuit/client'
import { storedDocs, type Line } from './line.js'
import type { WithDeleted } from './schema.js'

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
  private resumed = false

  constructor(
    private readonly link: Link, private readonly lines: ReadonlyMap<string, Line>, private readonly signal: AbortSignal,
    private readonly fetchRows: Fetch, private readonly failed: () => void,
  ) {}

  /** RxDB's push handler. Resolves when every document is answered; nothing when given up. */
  async push(line: Line, rows: PushRow[]): Promise<WithDeleted[]> {
    const times = await editTimes(line, rows.map((r) => r.newDocumentState.id))
    const drafts: Draft[] = []
    const back: WithDeleted[] = []
    for (const { assumedMasterState: before, newDocumentState: after } of rows) {
      const draft = line.codec.draft(before, after, times.get(after.id)!)
      if (draft) drafts.push(draft)
      else if (before && !equal(before, after)) back.push(before) // only the server sets that
    }
    if (drafts.length === 0) return back
    line.tap.watch(drafts.map((d) => d.row))
    const sent = await this.insist(() => this.link.send(drafts, this.signal))
    return sent ? back.concat(await this.remedies(line, sent)) : []
  }

  private insist<T>(work: () => Promise<T>): Promise<T | undefined> {
    return persistently(this.link.session, work, this.signal, this.failed)
  }

  private async remedies(line: Line, sent: Sent[]): Promise<WithDeleted[]> {
    const back: WithDeleted[] = []
    const look: string[] = []
    for (const s of sent) {
      const what = remedy(s)
      const { row: id } = s.mutation
      line.tap.accepted(id, what === 'none' && s.result?.status !== 'deferred' ? s.result?.v : undefined)
      if (what === 'look') look.push(id)
      else if (what !== 'none') back.push(line.codec.docOf(id, s.result!.row))
    }
    if (look.length === 0) return back
    const rows = await this.insist(() => this.fetchRows(line, look, this.signal))
    if (!rows) return back
    return back.concat(look.map((id) => line.codec.docOf(id, rows.get(id))))
  }

  /** Settles what was on its way when the app ended, before RxDB compares with an old state. */
  async resume(signal: AbortSignal): Promise<void> {
    if (this.resumed) return
    const drafts: Draft[] = []
    for (const { mutation } of await this.link.resume(signal)) {
      const line = this.lines.get(mutation.table)
      const [doc] = line ? await storedDocs(line, [mutation.row]) : []
      if (!line || !doc || doc._deleted || mutation.op === 'delete') continue
      const sent = line.codec.doc({ ...mutation.set, id: mutation.row, _v: mutation.base, _b: '' })
      const draft = line.codec.draft(sent, doc as WithDeleted, new Date(doc._meta.lwt).toISOString())
      const since = Object.entries(draft?.set ?? {}).filter(([f]) => f in (mutation.set ?? {}))
      if (since.length > 0) drafts.push({ ...draft!, set: Object.fromEntries(since) })
    }
    if (drafts.length > 0) await this.link.send(drafts, signal)
    this.resumed = true
  }
}

/** When each document was last written here: the time a person made the edit. */
async function editTimes(line: Line, ids: string[]): Promise<Map<string, string>> {
  return new Map((await storedDocs(line, ids)).map((d) => [d.id, new Date(d._meta.lwt).toISOString()]))
}
