import type { Database } from '@nozbe/watermelondb'
import { canonical, parsed, taken, type Draft, type Durable, type Link, type Sent } from '@pursuit/client'
import type { Codec, Raw } from './schema.js'
import { rawsById } from './records.js'

/** Local changes as `synchronize()` collects them. */
export type LocalChanges = Record<string, { created: Raw[]; updated: Raw[]; deleted: string[] }>

/** What the server has accepted of a record that WatermelonDB still calls unsent. */
export interface Shadow {
  v: number
  set: Record<string, unknown>
}

const BATCH = 500 // edits that are named, sent and settled together

/**
 * Remembers what was accepted between the answer and the moment WatermelonDB has written down
 * that a record is synced. If the app dies in between, or the person edits meanwhile, only the
 * rest is sent.
 */
export class Shadows {
  private map = new Map<string, Shadow>()

  constructor(private readonly durable: Durable) {}

  async load(): Promise<void> {
    this.map = new Map(parsed<[string, Shadow][]>(await this.durable.get('shadows')))
  }

  get(table: string, id: string): Shadow | undefined {
    return this.map.get(`${table}/${id}`)
  }

  async add(sent: readonly Sent[]): Promise<void> {
    for (const { mutation: m, result } of sent) {
      if (m.op === 'delete' || !taken(result)) continue
      const before = this.get(m.table, m.row)
      this.map.set(`${m.table}/${m.row}`, { v: result!.v ?? before?.v ?? m.base, set: { ...before?.set, ...m.set } })
    }
    await this.save()
  }

  /** Forgets all but the records that are still called unsent. */
  async keepOnly(dirty: ReadonlySet<string>): Promise<void> {
    if (this.map.size === 0) return
    this.map = new Map([...this.map].filter(([key]) => dirty.has(key)))
    await this.save()
  }

  private save(): Promise<void> {
    return this.durable.set('shadows', JSON.stringify([...this.map]))
  }
}

/** The edits among local changes, parents before children, and the records that need none. */
export async function draftsOf(
  database: Database, changes: LocalChanges, codecs: ReadonlyMap<string, Codec>, shadows: Shadows, now: number,
): Promise<Draft[]> {
  const drafts: Draft[] = []
  for (const [table, codec] of codecs) {
    const change = changes[table]
    if (!change) continue
    for (const raw of change.created) add(drafts, createdDraft(codec, raw, shadows.get(table, raw.id), now))
    for (const raw of change.updated) add(drafts, updatedDraft(codec, raw, shadows.get(table, raw.id), now))
  }
  for (const [table] of [...codecs].reverse()) {
    const ids = changes[table]?.deleted ?? []
    const raws = await rawsById(database, table, ids)
    for (const row of ids) drafts.push({ table, row, op: 'delete', base: baseOf(raws.get(row)), at: new Date(now).toISOString() })
  }
  return drafts
}

/** A record by table and id. */
export interface Touched {
  table: string
  row: string
}

/**
 * Records that were saved without any change of their own: nothing to send, but WatermelonDB has
 * stamped them, and no new version will come to undo that.
 */
export function touchedOnly(changes: LocalChanges, drafts: readonly Draft[], codecs: ReadonlyMap<string, Codec>, shadows: Shadows): Touched[] {
  const sent = new Set(drafts.map((d) => `${d.table}/${d.row}`))
  return [...codecs.keys()].flatMap((table) => (changes[table]?.updated ?? [])
    .filter((raw) => raw.sync_v > 0 && !sent.has(`${table}/${raw.id}`) && !shadows.get(table, raw.id))
    .map((raw) => ({ table, row: raw.id })))
}

function add(drafts: Draft[], draft: Draft | undefined): void {
  if (draft) drafts.push(draft)
}

function createdDraft(codec: Codec, raw: Raw, shadow: Shadow | undefined, now: number): Draft | undefined {
  const whole = codec.whole(raw)
  const common = { table: codec.table, row: raw.id, at: editedAt(raw, now) }
  if (!shadow) return { ...common, op: 'insert', base: 0, set: whole }
  const set: Record<string, unknown> = {}
  for (const column of codec.columnsOtherThan(raw, shadow.set)) set[column] = whole[column] ?? null
  return Object.keys(set).length > 0 ? { ...common, op: 'patch', base: shadow.v, set } : undefined
}

function updatedDraft(codec: Codec, raw: Raw, shadow: Shadow | undefined, now: number): Draft | undefined {
  const set = codec.changed(raw)
  for (const [field, value] of Object.entries(shadow?.set ?? {})) {
    if (field in set && canonical(set[field]) === canonical(value)) delete set[field]
  }
  if (Object.keys(set).length === 0) return undefined
  return { table: codec.table, row: raw.id, op: 'patch', base: Math.max(baseOf(raw), shadow?.v ?? 0), at: editedAt(raw, now), set }
}

function baseOf(raw: Raw | undefined): number {
  return raw?.sync_base || raw?.sync_v || 0
}

/** When the person made the edit, if the model lets WatermelonDB stamp `updated_at`. */
function editedAt(raw: Raw, now: number): string {
  const stamped = raw._status === 'created' || raw._changed.split(',').includes('updated_at')
  const at = stamped && typeof raw.updated_at === 'number' && raw.updated_at > 0 ? raw.updated_at : now
  return new Date(Math.min(at, now)).toISOString()
}

/** Sends edits batch by batch; what was answered is settled even if a later batch finds no line. */
export async function sendAll(
  link: Link, drafts: readonly Draft[], settled: (sent: Sent[]) => Promise<void>, signal?: AbortSignal,
): Promise<{ failed: unknown; unsent: readonly Draft[] }> {
  for (let i = 0; i < drafts.length; i += BATCH) {
    try {
      await settled(await link.send(drafts.slice(i, i + BATCH), signal))
    } catch (failed) {
      return { failed, unsent: drafts.slice(i) }
    }
  }
  return { failed: undefined, unsent: [] }
}
