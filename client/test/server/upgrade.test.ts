// Old apps and new servers, through each kind of device, against real servers of two schemas on
// both databases (docs/protocol.md, section 9; docs/adr/0010-schema-versions.md). The second
// schema knows people.preferred_name, known_contacts.standing and the table errands.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Pursuit, Session, newId, type PursuitEvent, type Schema } from '@pursuit/client'
import { MemoryStore } from '@pursuit/client/memory'
import type { DeviceMaker } from '../support/device.js'
import { MemoryKeys } from '../support/durable.js'
import { nativeDevice } from '../support/native.js'
import { Net } from '../support/net.js'
import { rxDevice } from '../support/rx.js'
import { KINDS, Site, Town, endCluster } from '../support/server.js'
import { watermelonDevice } from '../support/watermelon.js'

const makers: [string, DeviceMaker][] = [['core', nativeDevice], ['rxdb', rxDevice], ['watermelondb', watermelonDevice]]
const TABLES = ['people', 'known_contacts', 'services', 'quarantine']

after(endCluster)

/** A desk of the newest app. */
async function deskOf(site: Site, town: Town, schema: number): Promise<Pursuit> {
  const { email, password } = town.people.boss!
  const session = await Session.open({ url: site.url, storage: new MemoryKeys(), schema, device: { name: 'desk', platform: 'node', app_version: '2' } })
  await session.signIn(email, password)
  return Pursuit.open({ session, store: new MemoryStore(), live: false })
}

for (const kind of KINDS) {
  for (const [name, make] of makers) {
    describe(kind, () => {
      let site: Site
      let town: Town
      before(async () => {
        site = await Site.start(kind)
        town = await Town.build(site)
      })
      after(() => site.stop())

      test(`${name}: an old app goes on over an upgraded server, is told to upgrade, and loses nothing by it`, { timeout: 60_000 }, async () => {
        const desk = await deskOf(site, town, 1)
        const edits = town.caseFor(town.people.worker!)
        const [contact, errand] = [newId(), newId()]
        await desk.write([...edits, { table: 'known_contacts', row: contact, op: 'insert', set: { person_id: edits.ids.person, name: 'Aunt', relation: 'family' } }])
        await desk.sync()
        const { person } = edits.ids
        const phone = await make({ url: site.url, account: town.people.worker!, schema: town.schema, tables: TABLES, net: new Net(), appSchema: 1 })
        const events: PursuitEvent[] = []
        phone.session.events.on((e) => events.push(e))
        try {
          await phone.sync()
          // the server knows more, new apps write it, and the old one goes on beside them
          await site.becomes('trial')
          const young = await deskOf(site, town, 2)
          await young.sync()
          await young.patch('people', person, { preferred_name: 'Kit' })
          await young.patch('known_contacts', contact, { standing: 'lapsed' })
          await young.write([{ table: 'errands', row: errand, op: 'insert', set: { person_id: person, what: 'bus pass' } }])
          await young.sync()
          await phone.sync()
          await phone.patch('people', person, { first_name: 'Ann' })
          await phone.sync()
          await young.sync()
          const seen = (await young.get('people', person))!
          assert.deepEqual([seen.preferred_name, seen.first_name], ['Kit', 'Ann'])
          assert.deepEqual(await phone.verify(), [])
          assert.ok(!events.some((e) => e.kind === 'upgrade'))
          // its schema is served no more: it is told, and what it writes is taken
          await site.becomes('retired')
          await phone.patch('people', person, { last_name: 'Bee' })
          await phone.sync()
          assert.ok(events.some((e) => e.kind === 'upgrade' && e.minSchema === 2))
          await young.sync()
          assert.equal((await young.get('people', person))!.last_name, 'Bee')
          // offline it writes once more, and is upgraded with that unsent
          phone.net.online = false
          await phone.patch('people', person, { phones: ['+15035550177'] })
          const made = await phone.insert('known_contacts', { person_id: person, name: 'Uncle', relation: 'family' })
          const schema = (await young.session.schema()) as Schema
          assert.equal(schema.schema, 2)
          phone.net.online = true
          await phone.upgrade(schema, [...TABLES, 'errands'])
          await phone.sync()
          await phone.sync()
          await young.sync()
          const there = (await young.get('people', person))!
          assert.deepEqual([there.preferred_name, there.first_name, there.last_name, there.phones], ['Kit', 'Ann', 'Bee', ['+15035550177']])
          assert.equal((await young.get('known_contacts', made))?.name, 'Uncle')
          assert.equal((await phone.get('people', person))?.preferred_name, 'Kit')
          assert.equal((await phone.get('people', person))?.last_name, 'Bee')
          assert.equal((await phone.get('known_contacts', contact))?.standing, 'lapsed')
          assert.equal((await phone.get('errands', errand))?.what, 'bus pass')
          assert.deepEqual(await phone.verify(), [])
          assert.deepEqual(await phone.outcomes(), [])
          await phone.patch('errands', errand, { what: 'monthly bus pass' })
          await phone.sync()
          await young.sync()
          assert.equal((await young.get('errands', errand))?.what, 'monthly bus pass')
        } finally {
          await phone.close()
        }
      })
    })
  }
}
