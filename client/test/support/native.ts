import { Pursuit, type Store } from '@pursuit/client'
import { MemoryStore } from '@pursuit/client/memory'
import { signedIn, type Device, type DeviceOptions, type Fields, type Seen } from './device.js'

/** A device on the core alone. */
export async function nativeDevice(options: DeviceOptions, store: Store = new MemoryStore()): Promise<Device> {
  const opened = await signedIn(options)
  let { session } = opened
  const { net, storage } = opened
  const open = () => Pursuit.open({ session, store, live: options.live ?? false, ...(options.limit && { limit: options.limit }) })
  let pursuit = await open()
  return {
    get session() {
      return session
    },
    net,
    insert: (table, set, id) => pursuit.insert(table, set, id),
    patch: (table, id, set) => pursuit.patch(table, id, set),
    remove: (table, id) => pursuit.delete(table, id),
    async get(table, id) {
      const row = await pursuit.get(table, id)
      if (!row) return undefined
      const { _v, _b, ...fields } = row
      return fields
    },
    async all() {
      const out = new Map<string, Seen>()
      await store.each((table, { _v: v, _b: b, ...fields }) => void out.set(`${table}/${fields.id}`, { v, b, fields: fields as Fields }))
      for (const key of out.keys()) if (!options.tables.includes(key.split('/')[0]!)) out.delete(key)
      return out
    },
    sync: () => pursuit.sync(),
    outcomes: () => pursuit.outcomes(),
    verify: () => pursuit.verify(),
    async restart(appSchema = options.appSchema) {
      options = { ...options, ...(appSchema !== undefined && { appSchema }) }
      session = (await signedIn(options, storage, net)).session
      pursuit = await open()
    },
    async upgrade(schema, tables) {
      options = { ...options, tables, appSchema: schema.schema }
      session = (await signedIn(options, storage, net)).session
      pursuit = await open()
    },
    async live() {
      pursuit.start()
    },
    async close() {
      await pursuit.stop()
    },
  }
}
