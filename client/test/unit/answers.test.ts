// Every kind of bad answer, through the core, RxDB and WatermelonDB: whatever comes instead of the
// server's own word, an edit stays until it was answered and arrives once. And what an old app, an
// upgraded one and a proxy without streams do.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId, type PursuitEvent } from '@pursuit/client'
import type { Device, DeviceMaker, DeviceOptions } from '../support/device.js'
import { FAKE_SCHEMA, FakeServer, html, problem } from '../support/fake.js'
import { nativeDevice } from '../support/native.js'
import { Net } from '../support/net.js'
import { rxDevice } from '../support/rx.js'
import { watermelonDevice } from '../support/watermelon.js'

const makers: [string, DeviceMaker][] = [['core', nativeDevice], ['rxdb', rxDevice], ['watermelondb', watermelonDevice]]
const tables = Object.keys(FAKE_SCHEMA.tables)
const BAD_IN_A_ROW = 3

const text = (body: string, type = 'application/json', status = 200) => new Response(body, { status, headers: { 'content-type': type } })

const ANSWERS: [string, () => Response][] = [
  ['a portal that says 200', () => html(200)],
  ['a portal that says 401', () => html(401)],
  ['a portal that says 403', () => html(403)],
  ['a portal that says 511', () => html(511)],
  ['JSON of a portal that says 401', () => text('{"login":"please"}', 'application/json', 401)],
  ['401 token_expired', () => problem(401, 'token_expired')],
  ['403 forbidden', () => problem(403, 'forbidden')],
  ['404 of a proxy', () => html(404)],
  ['429', () => problem(429, 'too_many_attempts', { 'retry-after': '0' })],
  ['500', () => problem(500, 'internal')],
  ['502 of a proxy', () => html(502)],
  ['503', () => problem(503, 'unavailable', { 'retry-after': '0' })],
  ['half an answer', () => text('{"protocol":1,"epoch":"epoch-1","results":[{"id"')],
  ['an empty answer', () => text('')],
  ['JSON that is not the server\'s', () => text('{"ok":true}')],
  ['JSON null', () => text('null')],
  ['the results of other mutations', () => text(JSON.stringify({ protocol: 1, epoch: 'epoch-1', seq: 9, results: [{ id: newId(), status: 'applied', v: 9 }], cursor: 'c:epoch-1:9', complete: true }))],
  ['a reset connection', () => {
    throw new TypeError('connection reset')
  }],
]

function optionsFor(server: FakeServer, more: Partial<DeviceOptions> = {}): DeviceOptions {
  return { url: 'http://fake', account: { email: 'w@example.org', password: 'p' }, schema: FAKE_SCHEMA, tables, net: new Net(server.fetch), ...more }
}

async function insist(device: Device): Promise<void> {
  for (let i = 0; i < 40; i++) {
    try {
      return await device.sync()
    } catch {
      // the next try
    }
  }
  throw new Error('never came through')
}

async function until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (await check()) return
    await new Promise((r) => setTimeout(r, 10))
  }
  assert.fail(`${what}: not in time`)
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

  for (const [answer, bad] of ANSWERS) {
    for (const half of ['push', 'pull'] as const) {
      story(`${answer} to a ${half}: every edit arrives, once`, async (server, device) => {
        await device.sync()
        let left = BAD_IN_A_ROW
        server.fault = (seen, proceed) => (seen.path === '/v1/sync' && seen.body[half] && left-- > 0 ? bad() : proceed())
        const id = await device.insert('people', { code: 'a' })
        await insist(device)
        assert.ok(left <= 0, 'it was asked often enough')
        left = BAD_IN_A_ROW
        await device.patch('people', id, { code: 'b' })
        await insist(device)
        assert.equal(server.rows.get(`people/${id}`)?.row.code, 'b')
        assert.equal(server.results.size, 2)
        assert.deepEqual(await device.outcomes(), [])
        assert.equal((await device.all()).get(`people/${id}`)?.v, server.rows.get(`people/${id}`)?.row._v)
      })
    }
  }

  story('a session that is over for good keeps the edit until somebody signs in', async (server, device) => {
    await device.sync()
    server.tokens.clear()
    server.refreshTokens.clear()
    const id = await device.insert('people', { code: 'a' })
    await Promise.race([device.sync().catch(() => undefined), new Promise((r) => setTimeout(r, 200))])
    assert.equal(server.rows.size, 0)
    assert.equal(device.session.signedIn, false)
    assert.equal((await device.get('people', id))?.code, 'a')
    await device.session.signIn('w@example.org', 'p')
    await insist(device)
    assert.equal(server.rows.get(`people/${id}`)?.row.code, 'a')
    assert.equal(server.results.size, 1)
  })

  story('a revoked device keeps what it holds, and sends it if it is let in again', async (server, device) => {
    await device.sync()
    server.fault = () => problem(403, 'device_revoked')
    const id = await device.insert('people', { code: 'a' })
    await Promise.race([device.sync().catch(() => undefined), new Promise((r) => setTimeout(r, 200))])
    assert.equal((await device.get('people', id))?.code, 'a')
    server.fault = undefined
    await device.restart()
    await insist(device)
    assert.equal(server.rows.get(`people/${id}`)?.row.code, 'a')
  })

  story('ordered to erase itself: everything goes, the unsent too, and the server is told', async (server, device) => {
    server.put('people', { id: newId(), code: 'a' })
    await device.sync()
    assert.equal((await device.all()).size, 1)
    server.fault = (seen, proceed) => (seen.path.endsWith('/wiped') ? proceed() : problem(403, 'device_wipe'))
    await device.insert('people', { code: 'unsent' })
    await device.live()
    await until('the receipt', () => server.requests.some((r) => r.path.endsWith('/wiped')))
    assert.equal(await device.all().then((all) => all.size, () => 0), 0) // RxDB's database is gone altogether
    await until('signed out', () => device.session.user === undefined)
  })

  story('too old an app is told to upgrade, and its edits are taken', async (server, device) => {
    const events: PursuitEvent[] = []
    device.session.events.on((e) => events.push(e))
    server.directive = { kind: 'upgrade', min_schema: 2 }
    const there = newId()
    server.put('people', { id: there, code: 'from there' })
    const id = await device.insert('people', { code: 'from here' })
    await device.sync()
    assert.equal(server.rows.get(`people/${id}`)?.row.code, 'from here')
    assert.equal((await device.get('people', there))?.code, 'from there')
    assert.ok(events.some((e) => e.kind === 'upgrade' && e.minSchema === 2))
    assert.deepEqual(await device.outcomes(), [])
  })

  story('an upgraded app fetches once what is new to it, and keeps its unsent edits', async (server, device) => {
    server.newInTwo = ['notes']
    const id = newId()
    server.put('people', { id, code: 'a', notes: 'old apps do not know' })
    await device.sync()
    assert.ok(!(await device.get('people', id))?.notes)
    const edited = await device.insert('people', { code: 'unsent' })
    await device.restart(2)
    await device.sync()
    await device.sync()
    assert.equal((await device.get('people', id))?.notes, 'old apps do not know')
    assert.equal(server.rows.get(`people/${edited}`)?.row.code, 'unsent')
    const asked = server.requests.filter((r) => r.body?.pull?.backfill)
    assert.deepEqual(asked.map((r) => r.body.pull.backfill), [{ from_schema: 1 }])
    assert.deepEqual(await device.verify(), [])
  }, { appSchema: 1 })

  story('where nothing streams it polls, and a tickle brings the row', async (server, device) => {
    const bodiless = { ok: true, status: 200, headers: new Headers({ 'content-type': 'text/event-stream' }), body: null } as unknown as Response
    const polls: string[] = []
    let answer: (response: Response) => void = () => undefined
    server.live = (seen) => {
      if (!seen.query.includes('wait=')) return bodiless
      polls.push(seen.query)
      return new Promise((resolve) => (answer = resolve))
    }
    await device.live()
    await until('a poll', () => polls.length > 0)
    const id = newId()
    server.put('people', { id, code: 'a' })
    answer(new Response(JSON.stringify({ seq: server.seq }), { headers: { 'content-type': 'application/json' } }))
    await until('the row', async () => (await device.get('people', id)) !== undefined)
    await until('the next poll', () => polls.length > 1)
    answer(new Response(null, { status: 204 }))
    await until('a poll after one that brought nothing', () => polls.length > 2)
    answer(new Response(null, { status: 204 }))
  }, { live: true })
}
