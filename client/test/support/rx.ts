import { addRxPlugin, createRxDatabase, type RxCollection, type RxStorage } from 'rxdb'
import { RxDBMigrationSchemaPlugin } from 'rxdb/plugins/migration-schema'
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory'
import { newId } from '@pursuit/client'
import { replicatePursuit, rxCollections, type PursuitReplication } from '@pursuit/client/rxdb'
import { signedIn, within, type Device, type DeviceOptions, type Fields, type Seen } from './device.js'

addRxPlugin(RxDBMigrationSchemaPlugin)

const TAKEN = new Set(['set', 'get', 'update', 'patch', 'modify', 'remove', 'close', 'collection', 'deleted', 'primary'])

function wire(doc: any): Fields {
  const { sync_v, sync_b, _deleted, _meta, _rev, _attachments, ...rest } = doc
  return Object.fromEntries(Object.entries(rest).map(([k, v]) => [k.endsWith('_') && TAKEN.has(k.slice(0, -1)) ? k.slice(0, -1) : k, v]))
}

/** A device on RxDB with its memory storage. */
export async function rxDevice(options: DeviceOptions, storage: RxStorage<any, any> = getRxStorageMemory()): Promise<Device> {
  const opened = await signedIn(options)
  let { session } = opened
  const name = `t${newId().replaceAll('-', '')}`
  const opening = async () => {
    const opened = await createRxDatabase({ name, storage, multiInstance: false, eventReduce: true })
    const made = (await opened.addCollections(rxCollections(options.schema, options.tables) as never)) as unknown as Record<string, RxCollection<any>>
    return [opened, made] as const
  }
  let [database, collections] = await opening()
  const start = () => replicatePursuit(collections, {
    session, schema: options.schema, live: options.live ?? false, verifyEvery: 1e12,
    ...(options.limit && { limit: options.limit }), ...(options.batchSize && { batchSize: options.batchSize }),
  })
  let sync: PursuitReplication | undefined
  const running = async () => (sync ??= await start())
  return {
    get session() {
      return session
    },
    net: opened.net,
    async insert(table, set, id = newId()) {
      await collections[table]!.insert({ id, sync_v: 0, sync_b: '', ...set })
      return id
    },
    async patch(table, id, set) {
      const doc = await collections[table]!.findOne(id).exec()
      await doc.incrementalPatch(set)
    },
    async remove(table, id) {
      const doc = await collections[table]!.findOne(id).exec()
      await doc.incrementalRemove()
    },
    async get(table, id) {
      const doc = await collections[table]!.findOne(id).exec()
      return doc ? wire(doc.toJSON()) : undefined
    },
    async all() {
      const out = new Map<string, Seen>()
      for (const [table, collection] of Object.entries(collections)) {
        for (const doc of await collection.find().exec()) {
          const { sync_v: v, sync_b: b } = doc
          out.set(`${table}/${doc.id}`, { v, b, fields: wire(doc.toJSON()) })
        }
      }
      return out
    },
    async sync() {
      const running = (sync ??= await start())
      if (!opened.net.online) return
      running.resync()
      await within(60_000, 'RxDB in sync', running.awaitInSync())
    },
    async outcomes() {
      return (await running()).outcomes()
    },
    async verify() {
      return (await running()).verify()
    },
    async restart(appSchema = options.appSchema) {
      options = { ...options, ...(appSchema !== undefined && { appSchema }) }
      await sync?.cancel()
      session = (await signedIn(options, opened.storage, opened.net)).session
      sync = await start()
    },
    async upgrade(schema, tables) {
      await sync?.cancel()
      await database.close()
      options = { ...options, schema, tables, appSchema: schema.schema }
      session = (await signedIn(options, opened.storage, opened.net)).session
      ;[database, collections] = await opening()
      sync = await start()
    },
    async live() {
      await running()
    },
    async close() {
      await sync?.cancel()
      await database.close()
    },
  }
}
