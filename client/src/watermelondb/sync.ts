import type { Database } from '@nozbe/watermelondb'
import { synchronize } from '@nozbe/watermelondb/sync/index.js'
import {
  DigestSum, Link, MAX_PAGES, Runner, expectedRows, parsed, remedy, rowsIn, wholeBuckets,
  type Digests, type Draft, type Durable, type Outcome, type Placed, type Schema, type Sent, type Session, type SyncAnswer,
} from '@pursuit/client'
import { DirtyRemoval, keepingEdits, translated, type Fix, type RemoteChanges } from './down.js'
import { allRaws, dirtyKeys, rawsById, stateIn, unseenKeys } from './records.js'
import { Codec, type Raw } from './schema.js'
import { Shadows, draftsOf, sendAll, touchedOnly, type LocalChanges, type Touched } from './up.js'

export interface SyncOptions {
  session: Session
  /** What `session.schema()` answered. */
  schema: Schema
  /** The tables this database holds; all that it has a collection for unless given. */
  tables?: string[]
  /** Rows a page; each page is one `synchronize()`. */
  limit?: number
  /** Milliseconds between two comparisons of digests. */
  verifyEvery?: number
  signal?: AbortSignal
}

const DIRTY_TRIES = 3 // a person who edits faster than we push gets the removal next time

const open = new WeakMap<Database, PursuitSync>()

/** The one sync of a database; asking again gives the same. */
export function pursuitOf(database: Database, options: SyncOptions): PursuitSync {
  let sync = open.get(database)
  if (!sync || sync.session !== options.session) open.set(database, (sync = new PursuitSync(database, options)))
  return sync
}

/**
 * Sends what is unsent and fetches what is new, around WatermelonDB's own `synchronize()`.
 * Calls that come while one runs share it. Rejects with a Trouble when the server could not be
 * asked; nothing unsent is ever marked as synced then.
 */
export function syncPursuit(database: Database, options: SyncOptions): Promise<void> {
  return pursuitOf(database, options).sync(options.signal)
}

/** Keeps a WatermelonDB database in step with a Pursuit server. */
export class PursuitSync {
  readonly session: Session
  private readonly link: Link
  private readonly durable: Durable
  private readonly shadows: Shadows
  private readonly codecs: Map<string, Codec>
  private fixes: Fix[] = []
  private loaded: Promise<void> | undefined
  private busy: Promise<void> | undefined
  private runner: Runner | undefined

  constructor(private readonly database: Database, private readonly options: SyncOptions) {
    this.session = options.session
    this.durable = stateIn(database)
    this.link = new Link(options.session, this.durable)
    this.shadows = new Shadows(this.durable)
    const names = options.tables ?? Object.keys(options.schema.tables).filter((t) => t in database.collections.map)
    this.codecs = new Map(names.map((t) => [t, new Codec(t, options.schema.tables[t]!)]))
  }

  sync(signal?: AbortSignal): Promise<void> {
    this.busy ??= this.whole(signal).finally(() => (this.busy = undefined))
    return this.busy
  }

  /** Syncs now, on tickles, and when the network returns, until `stop`. Kick it after edits. */
  start(live = true): Runner {
    this.runner ??= new Runner({
      session: this.session, once: (signal) => this.sync(signal), seq: () => this.link.place.seq, erase: () => this.erase(), live,
    })
    this.runner.start()
    return this.runner
  }

  async stop(): Promise<void> {
    await this.runner?.stop()
  }

  async outcomes(): Promise<Outcome[]> {
    await this.load()
    return this.link.outcomes()
  }

  dismiss(...ids: string[]): Promise<void> {
    return this.link.dismiss(...ids)
  }

  /** Erases the database, the unsent included. */
  async erase(): Promise<void> {
    await this.database.write(() => this.database.unsafeResetDatabase())
    open.delete(this.database)
  }

  private load(): Promise<void> {
    this.loaded ??= (async () => {
      await this.link.load()
      await this.shadows.load()
      this.fixes = parsed<Fix[]>(await this.durable.get('fixes')) ?? []
    })()
    return this.loaded
  }

  private async whole(signal?: AbortSignal): Promise<void> {
    await this.load()
    if (this.link.place.tables.length > 0 && this.tables.some((t) => !this.link.place.tables.includes(t))) {
      await this.link.keepPlace({ cursor: null, verify: true }) // a table is new to this app: from the start
    }
    await this.up(signal)
    await this.backfill(signal)
    await this.down(signal)
    if (await this.link.reconcile(signal)) await this.down(signal)
    if (this.link.due(this.options.verifyEvery)) await this.verify(signal)
  }

  // ---- up: before anything is pulled, so that nothing pulled can take unsent edits away ----

  private async up(signal?: AbortSignal): Promise<void> {
    this.stuck = []
    await this.settle(await this.link.resume(signal))
    let failed: unknown
    await synchronize({
      database: this.database,
      sendCreatedAsUpdated: true,
      pullChanges: async ({ lastPulledAt }) => ({ changes: {}, timestamp: lastPulledAt ?? 1 }),
      pushChanges: async ({ changes }) => {
        const pushed = await this.push(changes as unknown as LocalChanges, signal)
        failed = pushed.failed
        return { experimentalRejectedIds: pushed.rejected }
      },
    })
    await this.shadows.keepOnly(await dirtyKeys(this.database, this.tables))
    await this.link.checkpoint()
    if (failed) throw failed
  }

  private async push(changes: LocalChanges, signal?: AbortSignal): Promise<{ failed: unknown; rejected: Record<string, string[]> }> {
    const drafts = await draftsOf(this.database, changes, this.codecs, this.shadows, this.session.now())
    await this.note(touchedOnly(changes, drafts, this.codecs, this.shadows).map((t) => this.toLookUp(t)))
    const { failed, unsent } = await sendAll(this.link, drafts, (sent) => this.settle(sent), signal)
    const rejected: Record<string, string[]> = {}
    for (const table of Object.keys(changes)) {
      if (!this.codecs.has(table)) rejected[table] = idsIn(changes[table]!) // not ours to call synced
    }
    for (const draft of unsent) (rejected[draft.table] ??= []).push(draft.row)
    for (const row of this.stuck) (rejected[row.table] ??= []).push(row.row)
    return { failed, rejected }
  }

  private stuck: Draft[] = []

  /**
   * Writes down what was answered, and what that asks of the local records: first the fixes, for
   * a record that is called accepted is not asked about again.
   */
  private async settle(sent: readonly Sent[]): Promise<void> {
    if (sent.length === 0) return
    this.sentSome = true
    this.stuck.push(...sent.filter((s) => !s.result).map((s) => s.mutation))
    await this.note(sent.map((s) => this.fixFor(s)))
    await this.shadows.add(sent)
  }

  private async fixFor(sent: Sent): Promise<Fix | undefined> {
    const { table, row, op } = sent.mutation
    const what = remedy(sent)
    if (what === 'row') return { table, id: row, row: sent.result!.row! }
    if (what === 'gone') return { table, id: row, row: null }
    if (what === 'look') return this.toLookUp(sent.mutation)
    // an edit to what the server had already: it sends no new version over our stamped one
    const v = op === 'patch' && sent.result?.v
    return v && ((await this.raw(table, row))?.sync_v ?? 0) >= v ? this.toLookUp(sent.mutation) : undefined
  }

  private async toLookUp({ table, row }: Touched): Promise<Fix> {
    return { table, id: row, row: null, bucket: (await this.raw(table, row))?.sync_b ?? '' }
  }

  private async raw(table: string, id: string): Promise<Raw | undefined> {
    return (await rawsById(this.database, table, [id])).get(id)
  }

  private async note(found: Promise<Fix | undefined>[]): Promise<void> {
    const fixes = (await Promise.all(found)).filter((f) => f !== undefined)
    if (fixes.length > 0) await this.keepFixes(withOut(this.fixes, fixes).concat(fixes))
  }

  private async keepFixes(fixes: Fix[]): Promise<void> {
    this.fixes = fixes
    await this.durable.set('fixes', JSON.stringify(fixes))
  }

  /** Asks for the buckets of records of which the server's version is not known here. */
  private async lookUp(signal?: AbortSignal): Promise<void> {
    const open = this.fixes.filter((f) => f.bucket !== undefined)
    if (open.length === 0) return
    const found = await wholeBuckets(this.session, open.map((f) => f.bucket!), signal)
    const rows = new Map(found.map((f) => [`${f.table}/${f.row.id}`, f.row]))
    // not ours just now, but the stream does not say so if it is given back before the next page
    if (open.some((f) => !rows.has(`${f.table}/${f.id}`))) await this.link.keepPlace({ verify: true })
    await this.keepFixes(this.fixes.map(({ table, id, row, bucket }) => ({ table, id, row: bucket === undefined ? row : (rows.get(`${table}/${id}`) ?? null) })))
  }

  // ---- down ----

  private get tables(): string[] {
    return [...this.codecs.keys()]
  }

  private async down(signal?: AbortSignal): Promise<void> {
    let done = 0
    const total = this.link.place.cursor === null ? await expectedRows(this.session, new Set(this.tables), signal) : null
    for (let page = 0, tries = 0; page < MAX_PAGES; page++) {
      await this.lookUp(signal)
      const answer = await this.link.page(this.link.place.cursor, this.tables, this.options.limit, signal)
      if (!answer) continue
      const later: Fix[] = []
      try {
        await this.apply((spare) => translated(this.database, this.link, answer, this.codecs, this.fixes, spare), tries < DIRTY_TRIES ? undefined : later)
      } catch (error) {
        if (!(error instanceof DirtyRemoval)) throw error
        tries++
        await this.up(signal)
        continue
      }
      await this.took(answer, later)
      this.link.progress((done += rowsIn(answer)), total)
      if (answer.complete) return this.forgetUnseen(signal)
    }
  }

  /** Records that were accepted and that the stream, read to its end, does not show: no longer ours. */
  private async forgetUnseen(signal?: AbortSignal): Promise<void> {
    if (!this.sentSome) return
    this.sentSome = false
    const waiting = new Set(this.link.outcomes().filter((o) => o.status === 'waiting' || o.status === 'stuck').map((o) => `${o.table}/${o.row}`))
    const unseen = (await unseenKeys(this.database, this.tables)).filter(([t, id]) => !waiting.has(`${t}/${id}`))
    if (unseen.length === 0 || signal?.aborted) return
    await this.applyPage({}, unseen.map(([table, id]) => ({ table, id, row: null })))
  }

  private sentSome = true

  /** One `synchronize()` that only applies; its timestamp is a clock, the cursor is kept beside it. */
  private async apply(changes: (spare?: (fix: Fix) => void) => Promise<RemoteChanges>, later?: Fix[]): Promise<void> {
    await synchronize({
      database: this.database,
      sendCreatedAsUpdated: true,
      conflictResolver: keepingEdits(this.codecs, this.shadows) as never,
      pullChanges: async ({ lastPulledAt }) => ({
        changes: (await changes(later && ((fix) => later.push(fix)))) as never,
        timestamp: Math.max(Date.now(), (lastPulledAt ?? 0) + 1),
      }),
    })
  }

  private async took(answer: SyncAnswer, later: Fix[]): Promise<void> {
    if (this.fixes.length > 0 || later.length > 0) await this.keepFixes(later)
    this.link.place.seq = answer.seq
    await this.link.reached({ cursor: answer.cursor!, n: this.link.place.n + 1 }, this.tables)
    const tables = Object.keys(answer.changes ?? {})
    if (tables.length > 0 || answer.drop?.length) this.session.events.emit({ kind: 'changed', tables })
  }

  /** Rows of tables and fields that an upgraded app is the first to know. */
  private async backfill(signal?: AbortSignal): Promise<void> {
    for await (const answer of this.link.backfill(this.tables, signal)) await this.applyPage(answer, [])
  }

  /** Applies changes beside the stream; unsent edits stay as they are. */
  private async applyPage(answer: Partial<SyncAnswer>, fixes: Fix[]): Promise<void> {
    await this.apply((spare) => translated(this.database, this.link, answer, this.codecs, fixes, spare), [])
  }

  // ---- checks ----

  /** Compares digests with the server and fetches whole what differs; answers those buckets. */
  async verify(signal?: AbortSignal): Promise<string[]> {
    if ((await dirtyKeys(this.database, this.tables)).size > 0) return []
    const mend = (drop: string[], rows: Placed[]) => this.applyPage({ drop, changes: grouped(rows) }, [])
    return (await this.link.verify(this.link.place.cursor, () => this.digests(), new Set(this.tables), mend, signal)) ?? []
  }

  private async digests(): Promise<Digests> {
    const sum = new DigestSum()
    for (const table of this.tables) {
      for (const raw of await allRaws(this.database, table)) if (raw.sync_v > 0) sum.add(table, raw.id, raw.sync_v, raw.sync_b)
    }
    return sum.buckets
  }
}

function grouped(rows: Placed[]): NonNullable<SyncAnswer['changes']> {
  const changes: NonNullable<SyncAnswer['changes']> = {}
  for (const { table, row } of rows) ((changes[table] ??= {}).upsert ??= []).push(row)
  return changes
}

/** Without those of the same records as the newer ones. */
function withOut(fixes: readonly Fix[], newer: readonly Fix[]): Fix[] {
  return fixes.filter((f) => !newer.some((n) => n.table === f.table && n.id === f.id))
}

function idsIn(change: LocalChanges[string]): string[] {
  return [...change.created.map((r) => r.id), ...change.updated.map((r) => r.id), ...change.deleted]
}
