// What random lives once found, each as a story of its own that always goes the same way.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '@pursuit/client'
import type { Device, DeviceMaker, DeviceOptions } from '../support/device.js'
import { FAKE_SCHEMA, FakeServer, problem } from '../support/fake.js'
import { nativeDevice } from '../support/native.js'
import { Net } from '../support/net.js'
import { rxDevice } from '../support/rx.js'
import { watermelonDevice } from '../support/watermelon.js'

const makers: [string, DeviceMaker][] = [['core', nativeDevice], ['rxdb', rxDevice], ['watermelondb', watermelonDevice]]
const tables = Object.keys(FAKE_SCHEMA.tables)

function optionsFor(server: FakeServer): DeviceOptions {
  return { url: 'http://fake', account: { email: 'w@example.org', password: 'p' }, schema: FAKE_SCHEMA, tables, net: new Net(server.fetch) }
}

/** A push that gets nowhere, for as long as an app might wait. */
const inVain = (device: Device) => Promise.race([device.sync().catch(() => undefined), new Promise((r) => setTimeout(r, 150))])

for (const [name, make] of makers) {
  const story = (title: string, body: (server: FakeServer, device: Device) => Promise<void>) =>
    test(`${name}: ${title}`, { timeout: 60_000 }, async () => {
      const server = new FakeServer()
      const device = await make(optionsFor(server))
      try {
        await device.sync()
        await body(server, device)
      } finally {
        await device.close()
      }
    })

  story('made in vain, the app ended, edited in vain, the app ended: both arrive', async (server, device) => {
    server.fault = (seen, proceed) => (seen.body?.push ? problem(500, 'internal') : proceed())
    const id = await device.insert('people', { code: 'a', notes: 'n' })
    await inVain(device)
    await device.restart()
    await device.patch('people', id, { code: 'b' })
    await inVain(device)
    await device.restart()
    server.fault = undefined
    await device.sync()
    await device.sync()
    const row = server.rows.get(`people/${id}`)?.row
    assert.deepEqual([row?.code, row?.notes], ['b', 'n'])
    assert.deepEqual(await device.outcomes(), [])
    assert.equal((await device.all()).get(`people/${id}`)?.v, row?._v)
  })

  story('made and lost on the way back, the app ended, deleted: it is gone there too', async (server, device) => {
    server.fault = (seen, proceed) => {
      const answer = proceed()
      return seen.body?.push ? problem(500, 'internal') : answer
    }
    const id = await device.insert('people', { code: 'a' })
    await inVain(device)
    assert.ok(server.rows.has(`people/${id}`))
    await device.restart()
    await device.remove('people', id)
    server.fault = undefined
    await device.sync()
    await device.sync()
    assert.equal(server.rows.get(`people/${id}`)?.gone, true)
    assert.equal((await device.all()).size, 0)
  })

  story('a case that is in nobody\'s hands for a moment, between an edit and the next page, stays whole', async (server, device) => {
    const id = newId()
    server.put('people', { id, code: 'a' })
    await device.sync()
    server.fault = (seen, proceed) => {
      if (seen.body?.push) server.taken.set(id, server.seq)
      else if (seen.body?.pull?.cursor) server.taken.delete(id)
      return proceed()
    }
    await device.patch('people', id, { code: 'mine' })
    await device.sync()
    await device.sync()
    assert.equal((await device.get('people', id))?.code, 'a')
    assert.equal((await device.all()).get(`people/${id}`)?.v, server.rows.get(`people/${id}`)?.row._v)
    assert.deepEqual((await device.outcomes()).map((o) => o.status), ['quarantined'])
  })
}
