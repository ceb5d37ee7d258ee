import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Session, Trouble } from '@pursuit/client'
import { MemoryKeys } from '../support/durable.js'
import { FakeServer, html, problem } from '../support/fake.js'

async function signedIn(server = new FakeServer(), now: () => number = Date.now) {
  const storage = new MemoryKeys()
  const session = await Session.open({ url: 'http://fake', fetch: server.fetch, storage, now })
  await session.signIn('w@example.org', 'a password')
  return { server, storage, session }
}

const kind = async (work: Promise<unknown>) => work.then(() => 'fine', (e) => (e instanceof Trouble ? e.kind : String(e)))

test('the device keeps its identity and its sign-in over a restart', async () => {
  const { server, storage, session } = await signedIn()
  const again = await Session.open({ url: 'http://fake', fetch: server.fetch, storage })
  assert.equal(again.deviceId, session.deviceId)
  assert.equal(again.user?.id, 'user-1')
  assert.equal(await kind(again.schema()), 'fine')
})

test('a spent token is refreshed once for many calls, and the new one is stored before it is used', async () => {
  let clock = Date.now()
  const { server, storage, session } = await signedIn(new FakeServer(), () => clock)
  clock += 16 * 60_000
  server.tokens.clear()
  await Promise.all([session.schema(), session.schema(), session.schema()])
  assert.equal(server.requests.filter((r) => r.path === '/v1/auth/refresh').length, 1)
  assert.match([...storage.map.values()][0]!, /refresh-2/)
})

test('a 401 in the middle of a life is answered by one refresh and one repeat', async () => {
  const { server, session } = await signedIn()
  server.tokens.clear()
  assert.equal(await kind(session.schema()), 'fine')
  server.fault = (seen, proceed) => (seen.path === '/v1/sync/schema' ? problem(401, 'unauthorized') : proceed())
  assert.equal(await kind(session.schema()), 'signin')
  assert.equal(session.signedIn, true)
})

test('a refresh that the server refuses ends the session, and a new sign-in goes on with the same device', async () => {
  const { server, session } = await signedIn()
  const { deviceId } = session
  server.tokens.clear()
  server.refreshTokens.clear()
  assert.equal(await kind(session.schema()), 'signin')
  assert.equal(session.signedIn, false)
  assert.equal(session.user?.id, 'user-1')
  await session.signIn('w@example.org', 'a password')
  assert.equal(session.deviceId, deviceId)
})

test('somebody else is not let onto the first person\'s rows', async () => {
  const { server, session } = await signedIn()
  const other = { ...server.issue(), user: { ...server.issue().user, id: 'user-2' } }
  server.fault = () => new Response(JSON.stringify(other), { headers: { 'content-type': 'application/json' } })
  assert.equal(await kind(session.signIn('x@example.org', 'p')), 'other_user')
  assert.equal(session.user?.id, 'user-1')
  await session.forget()
  assert.equal(await kind(session.signIn('x@example.org', 'p')), 'fine')
})

test('a lost refresh answer costs nothing: the next call asks again', async () => {
  const { server, session } = await signedIn()
  server.tokens.clear()
  server.fault = (seen, proceed) => {
    const answer = proceed()
    if (seen.path === '/v1/auth/refresh') throw new TypeError('connection reset')
    return answer
  }
  assert.equal(await kind(session.schema()), 'offline')
  assert.equal(session.signedIn, true)
  server.fault = undefined
  assert.equal(await kind(session.schema()), 'fine')
})

test('another tab\'s refresh is taken over, not raced', async () => {
  let clock = Date.now()
  const { server, storage, session } = await signedIn(new FakeServer(), () => clock)
  const tab = await Session.open({ url: 'http://fake', fetch: server.fetch, storage, now: () => clock })
  clock += 16 * 60_000
  await session.schema()
  await tab.schema()
  assert.equal(server.requests.filter((r) => r.path === '/v1/auth/refresh').length, 1)
})

const answers: [name: string, answer: () => Response | Promise<Response>, expected: string][] = [
  ['a captive portal that says 200', () => html(200), 'offline'],
  ['a captive portal that says 401', () => html(401), 'offline'],
  ['a captive portal that says 403', () => html(403), 'offline'],
  ['a captive portal that says 511', () => html(511), 'server'],
  ['a proxy that says 404', () => html(404), 'offline'],
  ['half an answer', () => new Response('{"protocol":1,"epoch":"e","se', { headers: { 'content-type': 'application/json' } }), 'offline'],
  ['an empty answer', () => new Response('', { headers: { 'content-type': 'application/json' } }), 'offline'],
  ['JSON that is not the server\'s', () => new Response('{"ok":true}', { headers: { 'content-type': 'application/json' } }), 'offline'],
  ['a reset connection', () => Promise.reject(new TypeError('terminated')), 'offline'],
  ['403 forbidden', () => problem(403, 'forbidden'), 'forbidden'],
  ['403 device_revoked', () => problem(403, 'device_revoked'), 'revoked'],
  ['403 device_wipe', () => problem(403, 'device_wipe'), 'wipe'],
  ['413', () => problem(413, 'body_too_large'), 'too_large'],
  ['413 from a proxy', () => html(413), 'too_large'],
  ['429', () => problem(429, 'too_many_attempts', { 'retry-after': '9' }), 'busy'],
  ['500', () => problem(500, 'internal'), 'server'],
  ['502 from a proxy', () => html(502), 'server'],
  ['503 from a proxy', () => html(503), 'busy'],
  ['400 bad_cursor', () => problem(400, 'bad_cursor'), 'bad_cursor'],
  ['422', () => problem(422, 'unsupported_protocol'), 'invalid'],
]

for (const [name, answer, expected] of answers) {
  test(`${name} is ${expected}, and nobody is signed out`, async () => {
    const { server, session } = await signedIn()
    server.fault = () => answer()
    assert.equal(await kind(session.sync({ pull: { cursor: null } })), expected)
    assert.equal(session.signedIn, true)
  })
}

test('Retry-After reaches the caller', async () => {
  const { server, session } = await signedIn()
  server.fault = () => problem(429, 'too_many_attempts', { 'retry-after': '9' })
  const error = await session.schema().catch((e) => e)
  assert.equal(error.retryAfter, 9000)
})

test('an answer with the results of other mutations counts as none', async () => {
  const { session } = await signedIn()
  const push = [{ id: 'm1', table: 'people', row: 'r', op: 'insert' as const, base: 0, at: 't', set: {} }]
  const { server } = await signedIn()
  server.fault = () => new Response(JSON.stringify({ protocol: 1, epoch: 'e', seq: 1, results: [{ id: 'other', status: 'applied' }] }), { headers: { 'content-type': 'application/json' } })
  const hijacked = await Session.open({ url: 'http://fake', fetch: server.fetch, storage: new MemoryKeys(), now: () => 0 })
  assert.equal(await kind(hijacked.signIn('a', 'b')), 'offline')
  assert.equal(await kind(session.sync({ push })), 'fine')
})

test('large requests are compressed and small ones are not', async () => {
  const { server, session } = await signedIn()
  const m = (set: object) => [{ id: 'm', table: 'people', row: 'r', op: 'insert' as const, base: 0, at: 't', set: set as never }]
  await session.sync({ push: m({ notes: 'n'.repeat(20_000) }) })
  const big = server.requests.at(-1)!
  assert.equal(big.headers.get('content-encoding'), 'gzip')
  assert.ok(big.bytes < 1000)
  await session.sync({})
  assert.equal(server.requests.at(-1)!.headers.get('content-encoding'), null)
})
