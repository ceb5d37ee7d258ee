// The one race that is left in WatermelonDB's synchronize(), shown so that nobody forgets it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '@pursuit/client'
import { pursuitOf } from '@pursuit/client/watermelondb'
import { signedIn } from '../support/device.js'
import { FAKE_SCHEMA, FakeServer } from '../support/fake.js'
import { Net } from '../support/net.js'
import { openDatabase } from '../support/watermelon.js'

const tables = Object.keys(FAKE_SCHEMA.tables)

async function opened() {
  const server = new FakeServer()
  const { session } = await signedIn({ url: 'http://fake', account: { email: 'w', password: 'p' }, schema: FAKE_SCHEMA, tables, net: new Net(server.fetch) })
  const database = openDatabase(FAKE_SCHEMA, tables)
  const sync = pursuitOf(database, { session, schema: FAKE_SCHEMA, tables, verifyEvery: 1e13 })
  const id = newId()
  server.put('people', { id, code: 'a', notes: 'n' })
  await sync.sync()
  const edit = (fields: Record<string, unknown>) => database.write(async () => {
    const record = await database.get('people').find(id)
    await record.update(() => Object.entries(fields).forEach(([k, v]) => record._setRaw(k, v)))
  })
  return { server, database, sync, id, edit }
}

test('watermelondb: an edit between push and apply of a changed row is kept, with its base, and sent next', async () => {
  const { server, sync, id, edit } = await opened()
  const base = server.rows.get(`people/${id}`)!.row._v
  let once = true
  server.fault = async (seen, proceed) => {
    if (seen.body?.pull && once) {
      once = false
      server.put('people', { ...server.rows.get(`people/${id}`)!.row, code: 'theirs' })
      const answer = proceed()
      await edit({ notes: 'mine' })
      return answer
    }
    return proceed()
  }
  await sync.sync()
  await sync.sync()
  const row = server.rows.get(`people/${id}`)!.row
  assert.deepEqual([row.code, row.notes], ['theirs', 'mine'])
  const pushed = server.requests.flatMap((r) => r.body?.push ?? [])
  assert.deepEqual(pushed.map((m) => [m.base, m.set]), [[base, { notes: 'mine' }]])
})

test('watermelondb: an edit between push and the page that removes its row is pushed before the row goes', async () => {
  const { server, database, sync, id, edit } = await opened()
  let once = true
  server.fault = async (seen, proceed) => {
    if (seen.body?.pull && once) {
      once = false
      server.take(id)
      const answer = proceed()
      await edit({ notes: 'mine' })
      return answer
    }
    return proceed()
  }
  await sync.sync()
  assert.deepEqual(server.requests.flatMap((r) => r.body?.push ?? []).map((m) => m.set), [{ notes: 'mine' }])
  assert.equal(await database.get('people').query().fetchCount(), 0)
})

test('watermelondb: the race that is left: an edit queued before the very write that removes its row goes with it', async () => {
  const { server, database, sync, id, edit } = await opened()
  server.take(id)
  const write = database.write.bind(database)
  let edited: Promise<unknown> | undefined
  database.write = (work: () => Promise<unknown>, name?: string) => {
    if (name === 'sync-synchronize-apply' && server.requests.some((r) => r.body?.pull?.cursor)) {
      database.write = write
      edited = edit({ notes: 'too late to be seen' }) // in the queue before synchronize's own write
    }
    return write(work, name)
  }
  await sync.sync()
  await edited
  assert.equal(await database.get('people').query().fetchCount(), 0)
})
