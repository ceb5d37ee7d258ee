// The promises of docs/protocol.md, sections 4 to 6 and 9, kept through each kind of device against
// the real server on both databases.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Pursuit, newId } from '@pursuit/client'
import { MemoryStore } from '@pursuit/client/memory'
import type { Device, DeviceMaker, DeviceOptions } from '../support/device.js'
import { nativeDevice } from '../support/native.js'
import { Net } from '../support/net.js'
import { rxDevice } from '../support/rx.js'
import { KINDS, Site, Town, endCluster, type CaseIds, type Person } from '../support/server.js'
import { watermelonDevice } from '../support/watermelon.js'

const makers: [string, DeviceMaker][] = [['core', nativeDevice], ['rxdb', rxDevice], ['watermelondb', watermelonDevice]]

// free RxDB opens 13 collections in a process, and every story has two devices
const TABLES = ['people', 'known_contacts', 'referrals', 'services', 'contact_attempts', 'quarantine']

after(endCluster)

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

    const options = (account: Person, more: Partial<DeviceOptions> = {}): DeviceOptions => ({
      url: site.url, account, schema: town.schema, tables: TABLES, net: new Net(), ...more,
    })

    async function opened(worker: Person): Promise<CaseIds> {
      const edits = town.caseFor(worker)
      await desk.write(edits)
      await desk.sync()
      return edits.ids
    }

    async function merge(keep: string, gone: string): Promise<void> {
      const { email, password } = town.people.boss!
      const post = (path: string, body: object, token = '') =>
        fetch(site.url + path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` } })
      const signedIn = (await (await post('/v1/auth/login', { email, password })).json()) as { access_token: string }
      const answer = await post('/v1/people/merge', { id: newId(), keep, merge: gone }, signedIn.access_token)
      assert.equal(answer.status, 200)
    }

    const attempt = (service: string, more: object = {}) => ({
      service_id: service, channel: 'call', outcome: 'no_answer', occurred_at: new Date(Date.now() - 60_000).toISOString(), ...more,
    })

    for (const [name, make] of makers) {
      const story = (title: string, body: (phone: Device, other: Device) => Promise<void>) =>
        test(`${name}: ${title}`, { timeout: 60_000 }, async () => {
          const phone = await make(options(town.people.worker!))
          const other = await make(options(town.people.worker!))
          try {
            await phone.sync()
            await body(phone, other)
          } finally {
            await phone.close()
            await other.close()
          }
        })

      const agree = async (phone: Device) => {
        await phone.sync()
        assert.deepEqual(await phone.verify(), [])
      }

      story('what one device writes, another has', async (phone, other) => {
        const ids = await opened(town.people.worker!)
        await phone.sync()
        const id = await phone.insert('contact_attempts', attempt(ids.service, { note: 'knocked', latitude: 45.51234 }))
        await phone.patch('people', ids.person, { first_name: 'Ann', phones: ['+15035550100', '+15035550101'], houseless: true })
        await phone.sync()
        await other.sync()
        const there = await other.get('contact_attempts', id)
        assert.equal(there?.note, 'knocked')
        assert.equal(there?.worker_id, town.people.worker!.id)
        assert.equal(there?.latitude, 45.512)
        assert.equal((await other.get('people', ids.person))?.first_name, 'Ann')
        assert.deepEqual((await other.get('people', ids.person))?.phones, ['+15035550100', '+15035550101'])
        assert.deepEqual(await phone.outcomes(), [])
        await phone.sync()
        assert.equal((await phone.get('contact_attempts', id))?.latitude, 45.512)
        await agree(phone)
        await agree(other)
      })

      story('two edits of one row merge by field; lists and notes merge by their parts', async (phone, other) => {
        const ids = await opened(town.people.worker!)
        await phone.sync()
        await other.sync()
        await phone.patch('people', ids.person, { first_name: 'Ann', phones: ['+15035550100', '+1'], notes: 'first line\nfrom the phone' })
        await other.patch('people', ids.person, { last_name: 'Bee', phones: ['+15035550100', '+2'], notes: 'from the tablet\nfirst line' })
        await phone.sync()
        await other.sync()
        await phone.sync()
        for (const device of [phone, other]) {
          const person = (await device.get('people', ids.person))!
          assert.deepEqual([person.first_name, person.last_name], ['Ann', 'Bee'])
          assert.deepEqual([...(person.phones as string[])].sort(), ['+1', '+15035550100', '+2'])
          assert.equal(person.notes, 'from the tablet\nfirst line\nfrom the phone')
          await agree(device)
        }
      })

      story('what is written about a person who was merged meanwhile is about the survivor', async (phone, other) => {
        const [keep, gone] = [await opened(town.people.worker!), await opened(town.people.worker!)]
        await phone.sync()
        await other.sync()
        phone.net.online = false
        await phone.patch('people', gone.person, { first_name: 'Late', notes: 'first line\nstill about' })
        const contact = await phone.insert('known_contacts', { person_id: gone.person, name: 'Aunt', relation: 'family' })
        await new Promise((r) => setTimeout(r, 30))
        await merge(keep.person, gone.person)
        phone.net.online = true
        await insist(phone)
        for (const device of [phone, other]) {
          await agree(device)
          assert.equal(await device.get('people', gone.person), undefined)
          assert.equal((await device.get('people', keep.person))?.first_name, 'Late')
          assert.equal((await device.get('people', keep.person))?.notes, 'first line\nstill about')
          assert.equal((await device.get('known_contacts', contact))?.person_id, keep.person)
          assert.equal((await device.get('services', gone.service))?.person_id, keep.person)
        }
        assert.deepEqual((await phone.outcomes()).filter((o) => o.row === gone.person), [])
      })

      story('the later of two edits of one field stands, on both', async (phone, other) => {
        const ids = await opened(town.people.worker!)
        await phone.sync()
        await other.sync()
        await other.patch('people', ids.person, { first_name: 'Earlier' })
        await new Promise((r) => setTimeout(r, 20))
        await phone.patch('people', ids.person, { first_name: 'Later' })
        await phone.sync()
        await other.sync()
        assert.equal((await other.get('people', ids.person))?.first_name, 'Later')
        await agree(phone)
        await agree(other)
        assert.equal((await phone.get('people', ids.person))?.first_name, 'Later')
      })

      story('a forbidden edit goes back, with its reason', async (phone) => {
        const ids = await opened(town.people.worker!)
        await phone.sync()
        await phone.patch('services', ids.service, { status: 'closed' })
        await phone.sync()
        assert.equal((await phone.get('services', ids.service))?.status, 'pursuing')
        const [outcome] = (await phone.outcomes()).filter((o) => o.row === ids.service)
        assert.equal(outcome?.status, 'rejected')
        assert.ok(outcome?.code)
        await agree(phone)
      })

      story('children before parents come together', async (phone, other) => {
        const ids = await opened(town.people.worker!)
        await phone.sync()
        const person = await phone.insert('people', { code: 'new one' })
        const contact = await phone.insert('known_contacts', { person_id: person, name: 'Aunt', relation: 'family' })
        const referral = await phone.insert('referrals', { person_id: person, source: 'outreach', referred_on: '2026-11-20' })
        const service = await phone.insert('services', { referral_id: referral, person_id: person, track: 'hhp', org_id: town.people.worker!.org })
        const tried = await phone.insert('contact_attempts', attempt(service))
        assert.ok(ids)
        for (let i = 0; i < 3; i++) await phone.sync()
        await other.sync()
        for (const [table, id] of [['people', person], ['known_contacts', contact], ['referrals', referral], ['services', service], ['contact_attempts', tried]] as const) {
          assert.ok(await other.get(table, id), table)
        }
        await agree(phone)
        await agree(other)
      })

      story('reassigned while holding unsent edits: the attempt is late, the note waits for a supervisor, the rows go', async (phone) => {
        const ids = await opened(town.people.worker!)
        await phone.sync()
        phone.net.online = false
        const tried = await phone.insert('contact_attempts', attempt(ids.service, { occurred_at: new Date().toISOString() }))
        await phone.patch('people', ids.person, { notes: 'first line\nseen at the park' })
        await new Promise((r) => setTimeout(r, 30))
        await desk.patch('assignments', ids.assignment, { ended_at: new Date().toISOString() })
        await desk.write([{ table: 'assignments', row: newId(), op: 'insert', set: { service_id: ids.service, user_id: town.people.colleague!.id, role: 'outreach_worker' } }])
        await desk.sync()
        phone.net.online = true
        await insist(phone)
        await phone.sync()
        await desk.sync()
        assert.equal((await desk.get('contact_attempts', tried))?.late, true)
        const held = (await desk.list('quarantine')).filter((q) => q.row === ids.person)
        assert.equal(held.length, 1)
        assert.deepEqual(held[0]!.set, { notes: 'first line\nseen at the park' })
        const all = await phone.all()
        for (const [table, id] of [['people', ids.person], ['services', ids.service], ['contact_attempts', tried]] as const) {
          assert.equal(all.has(`${table}/${id}`), false, `${table} stayed`)
        }
        assert.ok((await phone.outcomes()).some((o) => o.status === 'quarantined' && o.row === ids.person))
        await agree(phone)
      })

      story('a server killed in the middle of it all loses nothing', async (phone, other) => {
        const ids = await opened(town.people.worker!)
        await phone.sync()
        const tried: string[] = []
        for (let i = 0; i < 300; i++) tried.push(await phone.insert('contact_attempts', attempt(ids.service, { duration_minutes: i })))
        const busy = phone.sync().catch(() => undefined)
        await new Promise((r) => setTimeout(r, 15))
        await site.kill()
        await new Promise((r) => setTimeout(r, 100))
        await site.serve()
        await busy
        await insist(phone)
        await insist(other)
        const all = await other.all()
        for (const id of tried) assert.ok(all.has(`contact_attempts/${id}`))
        await agree(phone)
        await agree(other)
      })

      story('a restored backup is healed by the phone', async (phone) => {
        const ids = await opened(town.people.worker!)
        await phone.sync()
        await site.keepBackup()
        const tried = await phone.insert('contact_attempts', attempt(ids.service))
        await phone.patch('people', ids.person, { first_name: 'Told' })
        await phone.sync()
        await site.restore()
        await phone.patch('contact_attempts', tried, { note: 'after the restore' })
        for (let i = 0; i < 3; i++) await insist(phone)
        const fresh = await nativeDevice(options(town.people.worker!))
        await fresh.sync()
        assert.equal((await fresh.get('contact_attempts', tried))?.note, 'after the restore')
        assert.equal((await fresh.get('people', ids.person))?.first_name, 'Told')
        await agree(phone)
      })

      story('400 rows written offline arrive in one go', async (phone, other) => {
        const ids = await opened(town.people.worker!)
        await phone.sync()
        phone.net.online = false
        for (let i = 0; i < 400; i++) await phone.insert('contact_attempts', attempt(ids.service, { duration_minutes: i }))
        await phone.sync().catch(() => undefined)
        phone.net.online = true
        await insist(phone)
        await other.sync()
        const mine = [...(await other.all()).entries()].filter(([k, s]) => k.startsWith('contact_attempts/') && s.fields.service_id === ids.service)
        assert.equal(mine.length, 400)
        await agree(phone)
      })

      story('one poison row among 500', async (phone, other) => {
        const ids = await opened(town.people.worker!)
        await phone.sync()
        let poison = ''
        for (let i = 0; i < 500; i++) {
          const id = await phone.insert('contact_attempts', attempt(ids.service, i === 250 ? { channel: 'carrier_pigeon' } : {}))
          if (i === 250) poison = id
        }
        await phone.sync()
        await other.sync()
        const count = async (d: Device) => [...(await d.all()).values()].filter((s) => s.fields.service_id === ids.service && s.fields.channel).length
        assert.equal(await count(other), 499)
        assert.equal(await count(phone), 499)
        assert.deepEqual((await phone.outcomes()).filter((o) => o.row === poison).map((o) => [o.status, o.code, o.field]), [['rejected', 'invalid_value', 'channel']])
      })
    }
  })
}

async function insist(device: Device): Promise<void> {
  for (let i = 0; i < 60; i++) {
    try {
      return await device.sync()
    } catch {
      await new Promise((r) => setTimeout(r, 50))
    }
  }
  throw new Error('never came through')
}
