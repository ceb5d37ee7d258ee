import { sleep } from './backoff.js'
import { differingBuckets } from './digest.js'
import { isId } from './id.js'
import { REFUSED_PAUSE_MS, onOnline } from './runner.js'
import type { Session } from './session.js'
import type { Placed } from './store.js'
import { Trouble, troubleOf } from './trouble.js'
import type { Digests, PullRequest, Schema, SyncAnswer, TableSchema } from './wire.js'

export const MAX_PAGES = 10_000 // 10 million rows: beyond it something answers in circles
const BUCKETS_AT_ONCE = 50 // buckets fetched whole in one repair request

/** How many rows a page changes. */
export function rowsIn(answer: SyncAnswer): number {
  return Object.values(answer.changes ?? {}).reduce((sum, c) => sum + (c.upsert?.length ?? 0) + (c.remove?.length ?? 0), 0)
}

/** The rows a page brings, with their tables. */
export function placed(answer: SyncAnswer): Placed[] {
  return Object.entries(answer.changes ?? {}).flatMap(([table, c]) => (c.upsert ?? []).map((row) => ({ table, row })))
}

/** How many rows a first sync will bring, for a progress bar; `null` when the server won't say. */
export async function expectedRows(session: Session, only?: ReadonlySet<string>, signal?: AbortSignal): Promise<number | null> {
  try {
    const { buckets } = await session.digests(null, signal)
    const counts = Object.values(buckets).flatMap((t) => Object.entries(t)).filter(([t]) => !only || only.has(t))
    return counts.reduce((sum, [, [n]]) => sum + n, 0)
  } catch (error) {
    const trouble = troubleOf(error)
    if (trouble.passing || trouble.kind === 'invalid') return null
    throw error
  }
}

/** The pages of a pull that is no stream: a backfill, or buckets fetched whole. */
export async function* sidePages(session: Session, pull: PullRequest, signal?: AbortSignal): AsyncGenerator<SyncAnswer> {
  let cursor: string | null = null
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer: SyncAnswer = await session.sync({ pull: { ...pull, cursor } }, signal)
    yield answer
    if (answer.complete) return
    cursor = answer.cursor!
  }
}

/** Fetches buckets whole; one that is not held, or no bucket at all, comes back empty. */
export async function wholeBuckets(session: Session, names: Iterable<string>, signal?: AbortSignal): Promise<Placed[]> {
  const buckets = [...new Set(names)].filter(isId)
  const rows: Placed[] = []
  if (buckets.length === 0) return rows
  for await (const answer of sidePages(session, { buckets }, signal)) rows.push(...placed(answer))
  return rows
}

/** What differs between a device and the server, and the means to mend it. */
export interface Drift {
  differing: string[]
  /** Fetches what differs, some buckets at a time. */
  mend: (apply: (buckets: string[], rows: Placed[]) => Promise<void>) => Promise<void>
}

/**
 * Compares a device's own digests with the server's (docs/protocol.md, section 8). Nothing when
 * the server has gone on since the cursor: pull first, then ask again.
 */
export async function drift(
  session: Session, cursor: string | null, ours: () => Promise<Digests>, only?: ReadonlySet<string>, signal?: AbortSignal,
): Promise<Drift | undefined> {
  const theirs = await session.digests(cursor, signal)
  if (theirs.seq > theirs.cursor_seq) return undefined
  const differing = differingBuckets(await ours(), theirs.buckets, only)
  const mend: Drift['mend'] = async (apply) => {
    for (let i = 0; i < differing.length; i += BUCKETS_AT_ONCE) {
      const some = differing.slice(i, i + BUCKETS_AT_ONCE)
      await apply(some, await wholeBuckets(session, some, signal))
    }
  }
  return { differing, mend }
}

/**
 * Tries until it is answered or the signal fires (then nothing): an edit waits as long as it must.
 * Pauses grow while the line is bad and end early when the network returns.
 */
export async function persistently<T>(session: Session, work: () => Promise<T>, signal: AbortSignal, failed: (trouble: Trouble) => void): Promise<T | undefined> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (signal.aborted) break
      const trouble = troubleOf(error)
      failed(trouble)
      await pause(session.pause(attempt, trouble.passing ? trouble.retryAfter : REFUSED_PAUSE_MS), signal)
    }
  }
  return undefined
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const early = new AbortController()
  const stop = () => early.abort()
  const unlisten = onOnline(stop)
  signal.addEventListener('abort', stop)
  await sleep(ms, early.signal)
  signal.removeEventListener('abort', stop)
  unlisten()
}

/** The declaration of a table; an app asking for one the server lacks is an error in the app. */
export function tableOf(schema: Schema, name: string): TableSchema {
  const table = schema.tables[name]
  if (!table) throw new Error(`pursuit: the server has no table ${name}`)
  return table
}
