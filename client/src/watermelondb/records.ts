import type { Database } from '@nozbe/watermelondb'
import * as Q from '@nozbe/watermelondb/QueryDescription/index.js'
import type { Durable } from '@pursuit/client'
import type { Raw } from './schema.js'

/**
 * Raw records by id, those marked as deleted included: a deleted record's last version is the
 * base of its deletion.
 */
export async function rawsById(database: Database, table: string, ids: readonly string[]): Promise<Map<string, Raw>> {
  if (ids.length === 0) return new Map()
  const query = database.get(table).query(Q.where('id', Q.oneOf([...ids])))
  query.description = query._rawDescription // without the built-in filter of deleted records
  return byId(await query.unsafeFetchRaw())
}

/** Raw records of the buckets, without those marked as deleted. */
export async function rawsInBuckets(database: Database, table: string, buckets: readonly string[]): Promise<Map<string, Raw>> {
  if (buckets.length === 0) return new Map()
  return byId(await database.get(table).query(Q.where('sync_b', Q.oneOf([...buckets]))).unsafeFetchRaw())
}

export async function allRaws(database: Database, table: string): Promise<Raw[]> {
  return (await database.get(table).query().unsafeFetchRaw()) as Raw[]
}

function byId(raws: unknown[]): Map<string, Raw> {
  return new Map((raws as Raw[]).map((raw) => [raw.id, raw]))
}

/** Keys (`table/id`) of every record with edits that WatermelonDB calls unsent. */
export async function dirtyKeys(database: Database, tables: Iterable<string>): Promise<Set<string>> {
  const keys = new Set<string>()
  for (const table of tables) {
    const query = database.get(table).query(Q.where('_status', Q.notEq('synced')))
    query.description = query._rawDescription
    for (const raw of (await query.unsafeFetchRaw()) as Raw[]) keys.add(`${table}/${raw.id}`)
  }
  return keys
}

/** Records that WatermelonDB calls synced and that have never come from the server. */
export async function unseenKeys(database: Database, tables: Iterable<string>): Promise<[table: string, id: string][]> {
  const keys: [string, string][] = []
  for (const table of tables) {
    const raws = await database.get(table).query(Q.where('sync_v', 0), Q.where('_status', 'synced')).unsafeFetchRaw()
    for (const raw of raws as Raw[]) keys.push([table, raw.id])
  }
  return keys
}

/** The adapter's own memory, in the database's local storage: lost exactly when the rows are. */
export function stateIn(database: Database): Durable {
  const storage = database.localStorage
  const name = (key: string) => `pursuit/${key}` as never
  return {
    async get(key) {
      return ((await storage.get(name(key))) as string | undefined) ?? null
    },
    async set(key, value) {
      if (value === null) await storage.remove(name(key))
      else await storage.set(name(key), value as never)
    },
  }
}
