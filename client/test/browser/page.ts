// What runs inside the browser: one device of each kind on real IndexedDB, driven by the test.
import { createRxDatabase } from 'rxdb'
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie'
import watermelon from '@nozbe/watermelondb'
import loki from '@nozbe/watermelondb/adapters/lokijs/index.js'
import { Pursuit, Session, type Durable } from '@pursuit/client'
import { DexieStore } from '@pursuit/client/dexie'
import { replicatePursuit, rxCollections } from '@pursuit/client/rxdb'
import { pursuitOf, useUuids, watermelonSchema } from '@pursuit/client/watermelondb'

const { Database, Model } = watermelon as any
const LokiJSAdapter = (loki as any).default ?? loki

const TABLES = ['people', 'known_contacts', 'referrals', 'services', 'contact_attempts', 'quarantine']

function keysIn(prefix: string): Durable {
  return {
    get: async (key) => localStorage.getItem(prefix + key),
    set: async (key, value) => (value === null ? localStorage.removeItem(prefix + key) : localStorage.setItem(prefix + key, value)),
  }
}

interface PageDevice {
  insert(table: string, set: object, id: string): Promise<void>
  get(table: string, id: string): Promise<any>
  count(table: string): Promise<number>
  sync(): Promise<void>
  outcomes(): Promise<any[]>
  verify(): Promise<string[]>
}

async function core(session: Session): Promise<PageDevice> {
  const pursuit = await Pursuit.open({ session, store: new DexieStore('core'), live: false })
  return {
    insert: async (table, set, id) => void (await pursuit.insert(table, set as never, id)),
    get: (table, id) => pursuit.get(table, id),
    count: async (table) => (await pursuit.list(table)).length,
    sync: () => pursuit.sync(),
    outcomes: () => pursuit.outcomes(),
    verify: () => pursuit.verify(),
  }
}

async function rxdb(session: Session, schema: any): Promise<PageDevice> {
  const database = await createRxDatabase({ name: 'rx', storage: getRxStorageDexie(), multiInstance: false })
  const collections: any = await database.addCollections(rxCollections(schema, TABLES) as never)
  const sync = await replicatePursuit(collections, { session, schema, live: false, verifyEvery: 1e12 })
  return {
    insert: async (table, set, id) => void (await collections[table].insert({ id, sync_v: 0, sync_b: '', ...set })),
    get: async (table, id) => (await collections[table].findOne(id).exec())?.toJSON(),
    count: async (table) => (await collections[table].find().exec()).length,
    async sync() {
      sync.resync()
      await sync.awaitInSync()
    },
    outcomes: async () => sync.outcomes(),
    verify: () => sync.verify(),
  }
}

async function watermelondb(session: Session, schema: any): Promise<PageDevice> {
  useUuids()
  const adapter = new LokiJSAdapter({ schema: watermelonSchema(schema, TABLES), useWebWorker: false, useIncrementalIndexedDB: true, dbName: 'wm' })
  const modelClasses = TABLES.map((table) => class extends Model {
    static table = table
  })
  const database = new Database({ adapter, modelClasses })
  const sync = pursuitOf(database, { session, schema, tables: TABLES, verifyEvery: 1e12 })
  const raws = (table: string) => database.get(table).query().unsafeFetchRaw()
  return {
    insert: (table, set, id) => database.write(() => database.get(table).create((record: any) => {
      record._raw.id = id
      for (const [k, v] of Object.entries(set)) record._setRaw(k, v)
    })),
    get: async (table, id) => (await raws(table)).find((r: any) => r.id === id),
    count: async (table) => (await raws(table)).length,
    sync: () => sync.sync(),
    outcomes: () => sync.outcomes(),
    verify: () => sync.verify(),
  }
}

const kinds = { core: (s: Session) => core(s), rxdb, watermelondb }

/** Opens the device of a kind in this page, on whatever an earlier page left in IndexedDB. */
async function open(kind: keyof typeof kinds, url: string, email: string, password: string): Promise<void> {
  const session = await Session.open({ url, storage: keysIn(kind), pause: () => 100, device: { name: kind, platform: 'chromium', app_version: '1' } })
  if (!session.signedIn) await session.signIn(email, password)
  const kept = localStorage.getItem('schema')
  const schema = kept ? JSON.parse(kept) : await session.schema()
  localStorage.setItem('schema', JSON.stringify(schema))
  ;(globalThis as any).device = await kinds[kind](session, schema)
}

;(globalThis as any).open_device = open
