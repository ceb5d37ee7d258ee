// The same stories through the core, RxDB and WatermelonDB, against the small server in this
// process: what each must do when the server or the line misbehaves.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from '@pursuit/client'
import type { Device, DeviceMaker, DeviceOptions } from '../support/device.js'
import { FAKE_SCHEMA, FakeServer, html, problem } from '../support/fake.js'
import { nativeDevice } from '../support/native.js'
import { Net, type Mishap } from '../support/net.js'
import { rxDevice } from '../support/rx.js'
import { watermelonDevice } from '../support/watermelon.js'

const makers: [string, DeviceMaker][] = [['core', nativeDevice], ['rxdb', rxDevice], ['watermelondb', watermelonDevice]]
const tables = Object.keys(FAKE_SCHEMA.tables)

function optionsFor(server: FakeServer, more: Partial<DeviceOptions> = {}): DeviceOptions {
  return { url: 'http://fake', account: { email: 'w@example.org', password: 'p' }, schema: FAKE_SCHEMA, tables, net: new Net(server.fetch), ...more }
}

/** Syncs until it works, as an app's runner does; a bounded number of times. */
async function insist(device: Device): Promise<void> {
  for (let i = 0; i < 40; i++) {
    try {
      await device.sync()
      return
    } catch {
      // the next try
    }
  }
  throw new Error('never came through')
}

for (const [name, make] of makers) {
  const story = (title: string, body: (server: FakeServer, device: Device) => Promise<void>, more: Partial<DeviceOptions> = {}) =>
    test(`${name}: ${title}`, { timeout: 90_000 }, async () => {
      const server = new FakeServer()
      const device = await make(optionsFor(server, more))
      try {
        await body(server, device)
      } finally {
        await device.close()
      }
    })

  story('an edit goes up, a row comes down', async (server, device) => {
    server.put('people', { id: newId(), code: 'from there' })
    const id = await device.insert('people', { code: 'from here', phones: ['+1503'], houseless: true })
    await device.sync()
    assert.equal(server.rows.get(`people/${id}`)?.row.code, 'from here')
    assert.deepEqual(server.rows.get(`people/${id}`)?.row.phones, ['+1503'])
    const all = await device.all()
    assert.equal(all.size, 2)
    assert.equal(all.get(`people/${id}`)?.v, server.rows.get(`people/${id}`)?.row._v)
    assert.equal(all.get(`people/${id}`)?.b, id)
    assert.equal((await device.get('people', id))?.houseless, true)
  })

  story('a patch carries what changed and nothing else, with the base it was made on', async (server, device) => {
    const id = newId()
    server.put('people', { id, code: 'a', first_name: 'F', notes: 'n' })
    await device.sync()
    const base = server.rows.get(`people/${id}`)!.row._v
    await device.patch('people', id, { code: 'b' })
    await device.sync()
    const pushed = server.requests.flatMap((r) => r.body?.push ?? [])
    assert.equal(pushed.length, 1)
    assert.deepEqual({ op: pushed[0].op, set: pushed[0].set, base: pushed[0].base }, { op: 'patch', set: { code: 'b' }, base })
    assert.equal((await device.all()).get(`people/${id}`)?.v, server.rows.get(`people/${id}`)?.row._v)
  })

  story('A→B→A→B is four edits', async (server, device) => {
    const id = newId()
    server.put('people', { id, code: 'A' })
    await device.sync()
    for (const code of ['B', 'A', 'B']) {
      await device.patch('people', id, { code })
      await device.sync()
    }
    const pushed = server.requests.flatMap((r) => r.body?.push ?? [])
    assert.deepEqual(pushed.map((m) => m.set.code), ['B', 'A', 'B'])
    assert.equal(new Set(pushed.map((m) => m.id)).size, 3)
    assert.equal(server.rows.get(`people/${id}`)?.row.code, 'B')
  })

  story('a deleted row is deleted there, with the base it had', async (server, device) => {
    const id = newId()
    server.put('people', { id, code: 'A' })
    await device.sync()
    await device.remove('people', id)
    await device.sync()
    assert.equal(server.rows.get(`people/${id}`)?.gone, true)
    const [m] = server.requests.flatMap((r) => r.body?.push ?? [])
    assert.equal(m.op, 'delete')
    assert.ok(m.base > 0)
    assert.equal((await device.all()).size, 0)
  })

  story('a row deleted there goes here, and a dropped bucket takes its rows', async (server, device) => {
    const [a, b, c] = [newId(), newId(), newId()]
    server.put('people', { id: a!, code: 'a' })
    server.put('services', { id: b!, person_id: a!, status: 'pursuing' })
    server.put('contact_attempts', { id: c!, service_id: b!, channel: 'call', outcome: 'spoke', occurred_at: '2026-11-20T16:39:00.000Z' })
    await device.sync()
    assert.equal((await device.all()).size, 3)
    server.apply({ id: newId(), table: 'people', row: a!, op: 'delete', base: 1, at: 't' })
    server.take(b!)
    await device.sync()
    assert.deepEqual([...(await device.all()).keys()], [])
  })

  story('a value the server changed is the one that stands here', async (server, device) => {
    const id = newId()
    server.put('people', { id, code: 'a', notes: 'n' })
    await device.sync()
    server.judge = (m) => {
      const there = server.rows.get(`people/${id}`)!.row
      return { status: 'merged', v: there._v, row: there, conflicts: [newId()], id: m.id }
    }
    await device.patch('people', id, { code: 'mine' })
    await device.sync()
    assert.equal((await device.get('people', id))?.code, 'a')
    assert.deepEqual((await device.outcomes()).map((o) => o.status), ['conflict'])
  })

  story('one poison row among 500 costs only itself', async (server, device) => {
    const poison = newId()
    server.judge = (m) => (m.row === poison ? { status: 'rejected', code: 'invalid_value', field: 'code', message: 'no' } : undefined)
    for (let i = 0; i < 500; i++) await device.insert('people', { code: `c${i}` }, i === 250 ? poison : newId())
    await device.sync()
    assert.equal(server.rows.size, 499)
    assert.equal((await device.all()).size, 499)
    const outcomes = await device.outcomes()
    assert.deepEqual(outcomes.map((o) => [o.status, o.code, o.row, o.set?.code]), [['rejected', 'invalid_value', poison, 'c250']])
    assert.equal(await device.get('people', poison), undefined)
  })

  story('an edit of a bucket lost meanwhile is kept for a supervisor, and the rows go', async (server, device) => {
    const id = newId()
    server.put('people', { id, code: 'a' })
    await device.sync()
    await device.patch('people', id, { code: 'mine' })
    server.take(id)
    await device.sync()
    assert.equal([...server.results.values()].at(-1)?.result.status, 'quarantined')
    assert.deepEqual((await device.outcomes()).map((o) => o.status), ['quarantined'])
    assert.equal((await device.all()).size, 0)
  })

  story('a deferred row stays and is settled when it arrives', async (server, device) => {
    const id = newId()
    server.judge = () => ({ status: 'deferred' })
    await device.insert('contact_attempts', { service_id: newId(), channel: 'call', outcome: 'spoke', occurred_at: '2026-11-20T16:39:00.000Z' }, id)
    await device.sync()
    assert.equal((await device.get('contact_attempts', id))?.channel, 'call')
    assert.deepEqual((await device.outcomes()).map((o) => o.status), ['waiting'])
    server.judge = () => undefined
    server.put('contact_attempts', { id, service_id: newId(), channel: 'call', outcome: 'spoke', occurred_at: '2026-11-20T16:39:00.000Z' })
    await device.sync()
    assert.equal((await device.all()).get(`contact_attempts/${id}`)?.v, server.seq)
  })

  story('a deferred row that is quarantined goes, and the outcome says so', async (server, device) => {
    const id = newId()
    server.judge = () => ({ status: 'deferred' })
    await device.insert('contact_attempts', { service_id: newId(), channel: 'call', outcome: 'spoke', occurred_at: '2026-11-20T16:39:00.000Z' }, id)
    await device.sync()
    const [waiting] = await device.outcomes()
    server.put('quarantine', { id: newId(), mutation_id: waiting!.id, table: 'contact_attempts', row: id, op: 'insert', state: 'open' })
    await device.sync()
    await device.sync()
    assert.deepEqual((await device.outcomes()).map((o) => o.status), ['quarantined'])
    assert.equal(await device.get('contact_attempts', id), undefined)
  })

  for (const mishap of ['lose_request', 'lose_answer', 'half_answer', 'portal', 'error_500'] as Mishap[]) {
    story(`${mishap}: every edit arrives once`, async (server, device) => {
      await device.sync()
      device.net.mishaps = [mishap]
      const id = await device.insert('people', { code: 'a' })
      await insist(device)
      device.net.mishaps = [undefined, mishap, mishap]
      await device.patch('people', id, { code: 'b' })
      await insist(device)
      device.net.mishaps = [mishap, mishap]
      await device.patch('people', id, { code: 'a' })
      await insist(device)
      assert.equal(server.rows.get(`people/${id}`)?.row.code, 'a')
      assert.deepEqual(await device.outcomes(), [])
      assert.equal((await device.get('people', id))?.code, 'a')
      assert.equal((await device.all()).get(`people/${id}`)?.v, server.rows.get(`people/${id}`)?.row._v)
    })
  }

  story('killed with an answer on its way: the same mutation is asked again', async (server, device) => {
    await device.sync()
    device.net.mishaps = ['lose_answer']
    const id = await device.insert('people', { code: 'a' })
    const busy = device.sync().catch(() => undefined)
    await untilTrue(() => server.rows.size === 1)
    await device.restart()
    await busy
    await insist(device)
    assert.equal((await device.all()).get(`people/${id}`)?.v, server.rows.get(`people/${id}`)?.row._v)
    assert.deepEqual((await device.outcomes()).filter((o) => o.status === 'rejected'), [])
  })

  // the core's ids are random
  if (name !== 'core') story('an id that another mutation has already costs nothing but another id', async (server, device) => {
    let left = 2
    server.judge = () => (left-- > 0 ? { status: 'rejected', code: 'mutation_id_reused', field: 'id' } : undefined)
    const id = await device.insert('people', { code: 'a' })
    await device.sync()
    await device.sync()
    assert.equal(server.rows.get(`people/${id}`)?.row.code, 'a')
    assert.deepEqual(await device.outcomes(), [])
    assert.equal((await device.all()).get(`people/${id}`)?.v, server.seq)
  })

  story('what the server cannot read at all stands aside and is told, the rest goes on', async (server, device) => {
    const bad = newId()
    server.fault = (seen, proceed) => (seen.body?.push?.some((m: any) => m.row === bad) ? problem(422, 'invalid_request') : proceed())
    for (let i = 0; i < 20; i++) await device.insert('people', { code: `c${i}` }, i === 7 ? bad : newId())
    await device.sync()
    assert.equal(server.rows.size, 19)
    assert.equal((await device.get('people', bad))?.code, 'c7')
    assert.deepEqual((await device.outcomes()).map((o) => [o.status, o.row]), [['stuck', bad]])
  })

  story('413: less at a time', async (server, device) => {
    server.fault = (seen, proceed) => ((seen.body?.push?.length ?? 0) > 10 ? html(413) : proceed())
    for (let i = 0; i < 60; i++) await device.insert('people', { code: `c${i}` })
    await device.sync()
    assert.equal(server.rows.size, 60)
    assert.deepEqual(await device.outcomes(), [])
  })

  story('bad_cursor: from the start, and nothing stays that should not', async (server, device) => {
    const [a, b] = [newId(), newId()]
    server.put('people', { id: a!, code: 'a' })
    server.put('people', { id: b!, code: 'b' })
    await device.sync()
    server.rows.delete(`people/${a}`)
    let spoilt = true
    server.fault = (seen, proceed) => (spoilt && seen.body?.pull?.cursor ? problem(400, 'bad_cursor') : ((spoilt = false), proceed()))
    await device.sync()
    await device.sync()
    assert.deepEqual([...(await device.all()).keys()], [`people/${b}`])
  })

  story('a restored server is told again what it acknowledged', async (server, device) => {
    const id = await device.insert('people', { code: 'a' })
    await device.sync()
    await device.patch('people', id, { code: 'b' })
    await device.sync()
    server.rows.clear()
    server.results.clear()
    server.epoch = 'epoch-2'
    server.seq += 100
    await device.patch('people', id, { notes: 'after' })
    await device.sync()
    await device.sync()
    const row = server.rows.get(`people/${id}`)?.row
    assert.deepEqual([row?.code, row?.notes], ['b', 'after'])
    assert.equal((await device.get('people', id))?.notes, 'after')
    assert.deepEqual(await device.verify(), [])
  })

  story('digests find a row that was lost here, and it is fetched', async (server, device) => {
    const id = newId()
    server.put('people', { id, code: 'a' })
    await device.sync()
    server.rows.get(`people/${id}`)!.row = { ...server.rows.get(`people/${id}`)!.row, code: 'silently', _v: 77 }
    server.seq = Math.max(server.seq, 1)
    assert.deepEqual(await device.verify(), [id])
    await device.sync()
    assert.equal((await device.get('people', id))?.code, 'silently')
    assert.deepEqual(await device.verify(), [])
  })

  story('pages of ten bring everything', async (server, device) => {
    for (let i = 0; i < 95; i++) server.put('people', { id: newId(), code: `c${i}` })
    await device.sync()
    assert.equal((await device.all()).size, 95)
  }, { limit: 10 })
}

async function untilTrue(check: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !check(); i++) await new Promise((r) => setTimeout(r, 10))
  assert.ok(check())
}
