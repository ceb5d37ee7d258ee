// RxDB when its storage fails: what it could not write down is neither lost nor sent back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '@pursuit/client'
import type { RxStorage } from 'rxdb'
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory'
import type { DeviceOptions } from '../support/device.js'
import { FAKE_SCHEMA, FakeServer } from '../support/fake.js'
import { Net } from '../support/net.js'
import { rxDevice } from '../support/rx.js'

/** Memory that refuses the next write made in a context, once. */
class Failing {
  context: string | undefined
  readonly storage: RxStorage<any, any>

  constructor() {
    const memory = getRxStorageMemory()
    this.storage = Object.assign(Object.create(memory), {
      createStorageInstance: async (params: any) => {
        const instance = await memory.createStorageInstance(params)
        const write = instance.bulkWrite.bind(instance)
        instance.bulkWrite = async (rows: any, context: string) => {
          if (this.context === undefined || !context.startsWith(this.context)) return write(rows, context)
          this.context = undefined
          throw new Error('the disk is full')
        }
        return instance
      },
    })
  }
}

for (const [title, context] of [
  ['where rows came from', 'replication-down-write-meta'],
  ['the rows', 'replication-downstream-'],
] as const) {
  for (const restarts of [true, false]) {
    test(`RxDB could not write down ${title}; ${restarts ? 'started again' : 'it goes on'}: rows are here, nothing is sent back`, { timeout: 30_000 }, async () => {
      const server = new FakeServer()
      const failing = new Failing()
      const options: DeviceOptions = { url: 'http://fake', account: { email: 'w@example.org', password: 'p' }, schema: FAKE_SCHEMA, tables: Object.keys(FAKE_SCHEMA.tables), net: new Net(server.fetch) }
      const device = await rxDevice(options, failing.storage)
      const [gone, stays, comes] = [newId(), newId(), newId()]
      try {
        server.put('people', { id: gone, code: 'gone' })
        server.put('people', { id: stays, code: 'stays' })
        await device.sync()
        assert.equal((await device.all()).size, 2)
        server.put('people', { id: comes, code: 'comes' })
        server.take(gone)
        failing.context = context
        await device.sync()
        assert.equal(failing.context, undefined)
        if (restarts) await device.restart()
        await device.sync()
        await device.sync()
        assert.deepEqual([...(await device.all()).keys()].sort(), [`people/${stays}`, `people/${comes}`].sort())
        assert.equal(server.requests.flatMap((r: any) => r.body?.push ?? []).length, 0)
        assert.deepEqual(await device.verify(), [])
      } finally {
        await device.close()
      }
    })
  }
}

test('RxDB could not write down what it had sent: the edit arrived once, the next one does too', { timeout: 30_000 }, async () => {
  const server = new FakeServer()
  const failing = new Failing()
  const device = await rxDevice({ url: 'http://fake', account: { email: 'w@example.org', password: 'p' }, schema: FAKE_SCHEMA, tables: Object.keys(FAKE_SCHEMA.tables), net: new Net(server.fetch) }, failing.storage)
  const states: unknown[] = []
  device.session.events.on((e) => e.kind === 'state' && states.push(e.code))
  try {
    await device.sync()
    failing.context = 'replication-up-write-meta'
    const id = await device.insert('people', { code: 'a' })
    await device.sync()
    assert.equal(failing.context, undefined)
    await device.patch('people', id, { first_name: 'Ann' })
    await device.sync()
    assert.equal(server.rows.get(`people/${id}`)?.row.first_name, 'Ann')
    assert.deepEqual([...server.results.values()].map((r) => r.result.status), ['applied', 'applied'])
    assert.ok(states.includes('storage'), 'the app is told')
    assert.deepEqual(await device.verify(), [])
  } finally {
    await device.close()
  }
})
