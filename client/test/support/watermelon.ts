import watermelon from '@nozbe/watermelondb'
import loki from '@nozbe/watermelondb/adapters/lokijs/index.js'
// @ts-expect-error WatermelonDB's own copy of LokiJS has no types
import lokijs from 'lokijs'
import logger from '@nozbe/watermelondb/utils/common/logger/index.js'
import { newId, type Schema } from '@pursuit/client'
import { pursuitOf, useUuids, watermelonMigrations, watermelonSchema } from '@pursuit/client/watermelondb'
import { signedIn, type Device, type DeviceOptions, type Fields, type Seen } from './device.js'

const { Database, Model } = watermelon as any
;(logger as any).default.silence()
const { LokiMemoryAdapter } = lokijs as any
const LokiJSAdapter = (loki as any).default ?? loki

const JSONS = new Set(['text_list', 'factors', 'object', 'any'])
const TIMES = new Set(['created_at', 'updated_at'])

/** An app's models: `updatedAt` lets WatermelonDB stamp the time of an edit. */
export function modelsOf(tables: string[]): any[] {
  return tables.map((table) => {
    const Made = class extends Model {
      static table = table
      get updatedAt() {
        return this._getRaw('updated_at')
      }
    }
    return Made
  })
}

export function openDatabase(schema: Schema, tables: string[], more: object = {}): any {
  useUuids()
  const adapter = new LokiJSAdapter({
    schema: watermelonSchema(schema, tables), migrations: watermelonMigrations(schema, tables), useWebWorker: false,
    useIncrementalIndexedDB: false, dbName: newId(), ...more,
  })
  return new Database({ adapter, modelClasses: modelsOf(tables) })
}

const kept = new WeakMap<object, object>()

/** A database whose content outlives it, as on a phone. */
function keptDatabase({ schema, tables }: DeviceOptions, before?: { disk: object; dbName: string }): any {
  const more = before ?? { disk: new LokiMemoryAdapter(), dbName: newId() }
  const database = openDatabase(schema, tables, { dbName: more.dbName, _testLokiAdapter: more.disk })
  kept.set(database, more)
  return database
}

/** A device on WatermelonDB with LokiJS. */
export async function watermelonDevice(options: DeviceOptions, database = keptDatabase(options)): Promise<Device> {
  const opened = await signedIn(options)
  let { session } = opened
  const typeOf = (table: string, field: string) => options.schema.tables[table]!.fields[field]?.type ?? ''
  const inward = (table: string, field: string, value: any) => (JSONS.has(typeOf(table, field)) && value !== null ? JSON.stringify(value) : value)
  const outward = (table: string, field: string, value: any) => {
    if (value === null || value === undefined) return null
    if (JSONS.has(typeOf(table, field))) return JSON.parse(value)
    return TIMES.has(field) ? new Date(value).toISOString() : value
  }
  const wire = (table: string, raw: any): Fields => {
    const { _status, _changed, sync_v, sync_b, sync_base, $loki, meta, ...rest } = raw
    return Object.fromEntries(Object.entries(rest).map(([k, v]) => [k, outward(table, k, v)]))
  }
  const fill = (record: any, table: string, set: Fields) => {
    for (const [k, v] of Object.entries(set)) record._setRaw(k, inward(table, k, v))
  }
  const sync = () => pursuitOf(database, { session, schema: options.schema, tables: options.tables, verifyEvery: 1e12, ...(options.limit && { limit: options.limit }) })
  return {
    get session() {
      return session
    },
    net: opened.net,
    async insert(table, set, id = newId()) {
      await database.write(() => database.get(table).create((record: any) => {
        record._raw.id = id
        fill(record, table, set)
      }))
      return id
    },
    async patch(table, id, set) {
      const record = await database.get(table).find(id)
      await database.write(() => record.update(() => fill(record, table, set)))
    },
    async remove(table, id) {
      const record = await database.get(table).find(id)
      await database.write(() => record.markAsDeleted())
    },
    async get(table, id) {
      const [raw] = (await database.get(table).query().unsafeFetchRaw()).filter((r: any) => r.id === id)
      return raw ? wire(table, raw) : undefined
    },
    async all() {
      const out = new Map<string, Seen>()
      for (const table of options.tables) {
        for (const raw of await database.get(table).query().unsafeFetchRaw()) {
          out.set(`${table}/${raw.id}`, { v: raw.sync_v, b: raw.sync_b, fields: wire(table, raw) })
        }
      }
      return out
    },
    sync: () => sync().sync(),
    outcomes: () => sync().outcomes(),
    verify: () => sync().verify(),
    async restart(appSchema = options.appSchema) {
      options = { ...options, ...(appSchema !== undefined && { appSchema }) }
      session = (await signedIn(options, opened.storage, opened.net)).session
    },
    async upgrade(schema, tables) {
      await sync().stop()
      await new Promise<void>((resolve, reject) => database.adapter.underlyingAdapter._driver.loki.close((e: unknown) => (e ? reject(e) : resolve())))
      options = { ...options, schema, tables, appSchema: schema.schema }
      session = (await signedIn(options, opened.storage, opened.net)).session
      database = keptDatabase(options, kept.get(database) as never)
    },
    async live() {
      sync().start()
    },
    async close() {
      await sync().stop()
    },
  }
}
