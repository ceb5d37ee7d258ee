import { newId } from './id.js'
import { outcomeFor, outcomeOf, quarantineNews, type Outcome } from './outcome.js'
import type { Commit, Placed, Store } from './store.js'
import type { Mutation, Result, Row, SyncAnswer } from './wire.js'

export const ACK_HORIZON_MS = 7 * 24 * 3_600_000 // how far back a restored server is healed

/**
 * The commit that an answered batch leaves in a store: what was accepted becomes part of the
 * rows (the pull brings the server's own version soon after), what was not is told, and nothing
 * answered stays in the outbox. A row newer here than in the result is left alone: the result is
 * an old one, repeated.
 */
export async function settled(store: Store, batch: readonly Mutation[], answer: SyncAnswer, at: number, reset: boolean): Promise<Commit> {
  const rows = new Map<string, Placed>()
  const commit: Commit = { dequeue: [], outcomes: [], acked: [], enqueue: [], dismiss: [], forgetAckedBefore: at - ACK_HORIZON_MS }
  for (const [i, mutation] of batch.entries()) {
    const result = answer.results![i]!
    commit.dequeue!.push(mutation.id)
    if (reset && result.code === 'row_gone') {
      commit.enqueue!.push({ ...mutation, id: newId(at) })
      continue
    }
    if (result.status !== 'rejected') commit.acked!.push({ mutation, at })
    const outcome = outcomeOf(mutation, result)
    if (outcome) commit.outcomes!.push(outcome)
    else commit.dismiss!.push(mutation.id) // it may have been stuck once
    const key = `${mutation.table}/${mutation.row}`
    const before = rows.get(key)?.row ?? (await store.row(mutation.table, mutation.row))
    const after = rowAfter(mutation, result, before)
    if (after) rows.set(key, { table: mutation.table, row: after })
  }
  const gone = batch.filter((m, i) => (m.op === 'delete' && answer.results![i]!.status === 'applied') || isElsewhere(m, answer.results![i]!))
  commit.remove = gone.map((m) => ({ table: m.table, id: m.row, v: resultOf(batch, answer, m).v ?? 0 }))
  commit.put = [...rows.values()]
  return commit
}

/** Whether the person that was edited has become another, whose row the result has. */
function isElsewhere(m: Mutation, { row }: Result): boolean {
  return row !== undefined && row.id !== m.row
}

function resultOf(batch: readonly Mutation[], answer: SyncAnswer, m: Mutation): Result {
  return answer.results![batch.indexOf(m)]!
}

/** The row as it stands after a result, or nothing when it stands as it did. */
function rowAfter(m: Mutation, result: Result, before: Row | undefined): Row | undefined {
  const seen = before?._v ?? 0
  if (result.row) return result.row._v >= seen ? result.row : undefined
  if (m.op === 'delete' || (result.v ?? 0) < seen) return undefined
  if (result.status !== 'applied' && result.status !== 'deferred') return undefined
  if (m.op === 'patch' && !before) return undefined // of a row that has gone: the pull shows whether it is back
  const fresh: Row = before ?? { id: m.row, _v: 0, _b: bucketOf(m) }
  // others may have changed the row before this patch did: only the pull shows what it is now
  return { ...fresh, ...m.set, _v: m.op === 'insert' ? (result.v ?? seen) : seen }
}

/** The bucket a new row will live in, until the server's version says it. */
function bucketOf(m: Mutation): string {
  if (m.table === 'people' || m.table === 'services') return m.row
  const parent = m.set?.service_id ?? m.set?.person_id
  return typeof parent === 'string' ? parent : ''
}

/**
 * The commit that a page of a pull leaves in a store, in the order the protocol asks for. Rows of
 * table `quarantine` also tell what became of edits that were waiting.
 */
export async function paged(store: Store, answer: SyncAnswer): Promise<Commit> {
  const commit: Commit = { drop: answer.drop ?? [], remove: [], put: [], outcomes: [] }
  for (const [table, change] of Object.entries(answer.changes ?? {})) {
    for (const r of change.remove ?? []) commit.remove!.push({ table, id: r.id, v: r._v })
    for (const row of change.upsert ?? []) commit.put!.push({ table, row })
  }
  const quarantined = answer.changes?.quarantine?.upsert ?? []
  if (quarantined.length > 0) await quarantines(store, quarantined, commit)
  return commit
}

async function quarantines(store: Store, rows: Row[], commit: Commit): Promise<void> {
  const outcomes = new Map((await store.outcomes()).map((o) => [o.id, o]))
  for (const row of rows) {
    const news = quarantineNews(row)
    const known = news && outcomes.get(news.mutation)
    if (!news || !known) continue
    commit.outcomes!.push({ ...known, status: news.status })
    if (known.op === 'insert') commit.remove!.push({ table: known.table, id: known.row, v: 0 })
  }
}

/** The outcomes an app shows: what is unsent first, then what the server said. */
export function allOutcomes(unsent: readonly Mutation[], told: readonly Outcome[]): Outcome[] {
  const stuck = new Set(told.filter((o) => o.status === 'stuck').map((o) => o.id))
  return [...unsent.filter((m) => !stuck.has(m.id)).map((m) => outcomeFor(m, 'unsent')), ...told]
}
