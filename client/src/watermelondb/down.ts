import type { Database } from '@nozbe/watermelondb'
import type { Link, Row, SyncAnswer } from '@pursuit/client'
import { rawsById, rawsInBuckets } from './records.js'
import type { Codec, Raw } from './schema.js'
import type { Shadows } from './up.js'

/** Changes as `synchronize()` applies them; with `sendCreatedAsUpdated` nothing is `created`. */
export type RemoteChanges = Record<string, { created: []; updated: Record<string, unknown>[]; deleted: string[] }>

/** A correction of one record: the server's row in its place, or its removal. */
export interface Fix {
  table: string
  id: string
  row: Row | null
  /** The bucket in which the server's row has yet to be looked up. */
  bucket?: string
}

/** A removal would take unsent edits with it: they have to be pushed first. */
export class DirtyRemoval extends Error {}

/**
 * Turns a page into changes for `synchronize()`: dropped buckets become ids, removals apply only
 * to records that are not newer, and rows win over removals of the same page. Throws
 * DirtyRemoval while a record to be removed holds unsent edits, unless `spare` is given: then
 * those removals are handed to it for later.
 */
export async function translated(
  database: Database, link: Link, answer: Partial<SyncAnswer>, codecs: ReadonlyMap<string, Codec>, fixes: readonly Fix[], spare?: (fix: Fix) => void,
): Promise<RemoteChanges> {
  const orphans = await link.news(answer.changes?.quarantine?.upsert ?? [])
  const changes: RemoteChanges = {}
  for (const [table, codec] of codecs) {
    const change = answer.changes?.[table]
    const rows = new Map<string, Row>()
    for (const f of fixes) if (f.table === table && f.row) rows.set(f.id, f.row)
    for (const row of change?.upsert ?? []) rows.set(row.id, row)
    const gone = await goners(database, table, answer, [
      ...fixes.filter((f) => f.table === table && !f.row).map((f) => f.id),
      ...orphans.filter((o) => o.table === table).map((o) => o.row),
    ])
    const deleted: string[] = []
    for (const raw of gone.values()) {
      if (rows.has(raw.id)) continue
      if (raw._status !== 'created' && raw._status !== 'updated') deleted.push(raw.id)
      else if (spare) spare({ table, id: raw.id, row: null })
      else throw new DirtyRemoval()
    }
    if (rows.size + deleted.length > 0) changes[table] = { created: [], updated: [...rows.values()].map((r) => codec.raw(r)), deleted }
  }
  return changes
}

/** The local records that a page, or a correction, takes away. */
async function goners(database: Database, table: string, answer: Partial<SyncAnswer>, fixed: readonly string[]): Promise<Map<string, Raw>> {
  const gone = await rawsInBuckets(database, table, answer.drop ?? [])
  const removed = new Map((answer.changes?.[table]?.remove ?? []).map((r) => [r.id, r._v]))
  const raws = await rawsById(database, table, [...removed.keys(), ...fixed])
  for (const [id, raw] of raws) if (raw.sync_v <= (removed.get(id) ?? Infinity)) gone.set(id, raw)
  return gone
}

/**
 * Keeps what a person typed while a sync was on its way. A record with unsent edits keeps the
 * version they were made on as its base, so that the server can still see what they were up
 * against; a record edited after it was sent as new goes on as an update of what was sent.
 */
export function keepingEdits(codecs: ReadonlyMap<string, Codec>, shadows: Shadows) {
  return (table: string, local: Raw, remote: Raw, resolved: Raw): Raw => {
    if (local._status !== 'created' && local._status !== 'updated') return resolved
    if (local._status === 'created') {
      const sent = shadows.get(table, local.id)?.set
      const columns = codecs.get(table)?.columnsOtherThan(local, sent ?? {}) ?? []
      resolved._status = columns.length > 0 ? 'updated' : 'synced'
      resolved._changed = columns.join(',')
      for (const column of columns) resolved[column] = local[column]
    }
    resolved.sync_base = resolved._status === 'synced' ? 0 : local.sync_base || local.sync_v || shadows.get(table, local.id)?.v || remote.sync_v
    return resolved
  }
}
