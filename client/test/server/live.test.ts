// Tickles, orders to erase, digests that heal, an upgrade: what happens without anybody asking.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Pursuit, Session, newId, type PursuitEvent } from '@pursuit/client'
import { MemoryStore } from '@pursuit/client/memory'
import type { Fetch } from '@pursuit/client'
import { pursuitOf } from '@pursuit/client/watermelondb'
import { MemoryKeys } from '../support/durable.js'
import { rxDevice } from '../support/rx.js'
import { KINDS, Site, Town, endCluster, type CaseIds } from '../support/server.js'
import { openDatabase } from '../support/watermelon.js'
import { countedHttp1, countedHttp2 } from '../support/wire.js'

const TABLES = ['people', 'known_contacts', 'referrals', 'services', 'contact_attempts', 'quarantine']

after(endCluster)

async function until(what: string, check: () => boolean | Promise<boolean>, ms = 10_000): Promise<number> {
  const start = Date.now()
  while (Date.now() - start < ms) {
    if (await check()) return Date.now() - start
    await new Promise((r) => setTimeout(r, 10))
  }
  throw new Error(`${what}: not within ${ms} ms`)
}

for (const kind of KINDS) {
  describe(kind, () => {
    let site: Site
    let town: Town
    let desk: Pursuit
    before(async () => {
      site = await Site.start(kind)
      town = await Town.build(site)
      desk = await Pursuit.open({ session: await site.session(town.people.boss!), store: new MemoryStore(), live: false })
    })
    after(() => site.stop())

    async function opened(): Promise<CaseIds> {
      const edits = town.caseFor(town.people.worker!)
      await desk.write(edits)
      await desk.sync()
      return edits.ids
    }

    async function worker(): Promise<Session> {
      const session = await Session.open({ url: site.url, storage: new MemoryKeys(), pause: () => 50, device: { name: 't', platform: 'node', app_version: '1' } })
      const { email, password } = town.people.worker!
      await session.signIn(email, password)
      return session
    }

    test('core: a commit there is a row here, without asking', { timeout: 30_000 }, async () => {
      const store = new MemoryStore()
      const pursuit = await Pursuit.open({ session: await worker(), store })
      const states: string[] = []
      pursuit.on((e: PursuitEvent) => void (e.kind === 'state' && states.push(e.state)))
      pursuit.start()
      await until('idle', () => states.includes('idle'))
      await new Promise((r) => setTimeout(r, 300))
      const ids = await opened()
      await until('the row', async () => (await pursuit.get('people', ids.person)) !== undefined, 3000)
      await pursuit.patch('people', ids.person, { first_name: 'Sent by itself' })
      await until('the edit', async () => (await desk.sync(), (await desk.get('people', ids.person))?.first_name === 'Sent by itself'), 3000)
      await pursuit.stop()
    })

    test('core: the server goes and comes back', { timeout: 60_000 }, async () => {
      const pursuit = await Pursuit.open({ session: await worker(), store: new MemoryStore() })
      const states: string[] = []
      pursuit.on((e) => void (e.kind === 'state' && states.push(e.state)))
      pursuit.start()
      await until('idle', () => states.includes('idle'))
      const ids = await opened()
      await until('the row', async () => (await pursuit.get('people', ids.person)) !== undefined)
      await site.kill()
      await pursuit.patch('people', ids.person, { gender: 'x' })
      await until('offline', () => states.includes('offline'))
      await site.serve()
      await until('the edit', async () => (await desk.sync().catch(() => undefined), (await desk.get('people', ids.person))?.gender === 'x'), 20_000)
      await pursuit.stop()
    })

    test('rxdb: a commit there is a document here, without asking', { timeout: 30_000 }, async () => {
      const device = await rxDevice({ url: site.url, account: town.people.worker!, schema: town.schema, tables: TABLES, live: true })
      await device.sync()
      await new Promise((r) => setTimeout(r, 300))
      const ids = await opened()
      await until('the document', async () => (await device.get('people', ids.person)) !== undefined, 5000)
      await device.close()
    })

    test('core and WatermelonDB erase themselves when ordered, and say so', { timeout: 60_000 }, async () => {
      const ids = await opened()
      const [one, two] = [await worker(), await worker()]
      const store = new MemoryStore()
      const pursuit = await Pursuit.open({ session: one, store })
      const database = openDatabase(town.schema, TABLES)
      const wm = pursuitOf(database, { session: two, schema: town.schema, tables: TABLES })
      const rows = async () => (await store.rows('people')).length + (await database.get('people').query().fetchCount())
      pursuit.start()
      wm.start()
      await until('rows', async () => (await store.rows('people')).some((r) => r.id === ids.person) && (await database.get('people').query().fetchCount()) > 0)
      for (const id of [one.deviceId, two.deviceId]) await town.admin.call(`/v1/devices/${id}/revoke`, { method: 'POST', body: { wipe: true } })
      await pursuit.patch('people', ids.person, { gender: 'y' })
      ;(await wm.start()).kick()
      await until('erased', async () => (await rows().catch(() => -1)) === 0) // no count while it is being reset
      await until('confirmed', async () => {
        const { devices } = (await town.admin.call('/v1/devices?limit=200')) as { devices: { id: string; status: string }[] }
        return [one, two].every((s) => devices.find((d) => d.id === s.deviceId)?.status === 'wiped')
      })
      await wm.stop()
      await pursuit.stop()
    })

    test('a first sync shows how far it is', { timeout: 60_000 }, async () => {
      for (let i = 0; i < 5; i++) await opened()
      const session = await worker()
      const seen: { done: number; total: number | null }[] = []
      session.events.on((e) => void (e.kind === 'progress' && seen.push({ done: e.done, total: e.total })))
      const pursuit = await Pursuit.open({ session, store: new MemoryStore(), limit: 5 })
      await pursuit.sync()
      assert.ok(seen.length > 3)
      assert.deepEqual(seen.map((s) => s.done), [...seen.map((s) => s.done)].sort((a, b) => a - b))
      assert.ok(seen.every((s) => s.total !== null && s.done <= s.total))
      assert.equal(seen.at(-1)!.done, seen.at(-1)!.total)
    })

    test('an edit of one field costs less than 700 bytes up, headers included', { timeout: 30_000 }, async () => {
      const ids = await opened()
      const session = await worker()
      const pursuit = await Pursuit.open({ session, store: new MemoryStore() })
      await pursuit.sync()
      const http = (session as unknown as { http: { base: string; fetch: Fetch } }).http
      const edited = async (first_name: string) => {
        await pursuit.patch('people', ids.person, { first_name })
        await pursuit.sync()
      }
      const alone = () => {
        const now = new Date().toISOString()
        const base = 1_000_000
        return session.sync({ push: [{ id: newId(), table: 'people', row: ids.person, op: 'patch', base, at: now, set: { first_name: 'Dora' } }] })
      }
      const plain = await countedHttp1(site.url)
      const modern = await countedHttp2(site.url)
      try {
        http.base = plain.url
        await edited('Ann')
        const over1 = plain.taken()
        await alone()
        const pushOver1 = plain.taken()
        http.fetch = modern.fetch
        await edited('Bea')
        modern.taken()
        await edited('Cleo')
        const over2 = modern.taken()
        console.log(`one-field edit: over HTTP/1.1 ${pushOver1} bytes up, ${over1} with the pull in one request; ${over2} with the pull over HTTP/2`)
        assert.ok(over2 < 700, `${over2} bytes over HTTP/2`)
        assert.ok(pushOver1 < 700, `${pushOver1} bytes over HTTP/1.1`)
        assert.ok(over1 < 780, `${over1} bytes over HTTP/1.1 with the pull`)
      } finally {
        plain.close()
        modern.close()
      }
    })
  })
}

