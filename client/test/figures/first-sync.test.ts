// The first sync of a large case load, and whose time it is: `npm run figures`.
import assert from 'node:assert/strict'
import { Session as Inspector, type Profiler } from 'node:inspector/promises'
import { after, before, test } from 'node:test'
import { Pursuit, newId } from '@pursuit/client'
import { MemoryStore } from '@pursuit/client/memory'
import type { DeviceMaker } from '../support/device.js'
import { rxDevice } from '../support/rx.js'
import { Site, Town, endCluster } from '../support/server.js'
import { watermelonDevice } from '../support/watermelon.js'

const ROWS = 65_000
const CASES = 65
const SHARE = 0.2
const OURS = /\/client\/dist\//

let site: Site
let town: Town

before(async () => {
  site = await Site.start('sqlite')
  town = await Town.build(site)
  const desk = await Pursuit.open({ session: await site.session(town.people.boss!), store: new MemoryStore(), live: false })
  const worker = await site.session(town.people.worker!)
  for (let c = 0; c < CASES; c++) {
    const edits = town.caseFor(town.people.worker!)
    await desk.write(edits)
    await desk.sync()
    const at = new Date().toISOString()
    for (let i = 0; i < ROWS / CASES; i += 500) {
      const push = Array.from({ length: Math.min(500, ROWS / CASES - i) }, (_, n) => ({
        id: newId(), table: 'contact_attempts', row: newId(), op: 'insert' as const, base: 0, at,
        set: { service_id: edits.ids.service, channel: 'call', outcome: 'no_answer', occurred_at: at, note: `attempt ${i + n}: nobody came to the door, left a card` },
      }))
      const answer = await worker.sync({ push })
      assert.ok(answer.results!.every((r) => r.status === 'applied'))
    }
  }
})

after(async () => {
  await site?.stop()
  await endCluster()
})

/** Microseconds spent in our own files, and in all that was not idle. */
function shares(profile: Profiler.Profile): { ours: number; busy: number } {
  const byId = new Map(profile.nodes.map((n) => [n.id, n.callFrame]))
  let ours = 0
  let busy = 0
  for (const [i, id] of profile.samples!.entries()) {
    const frame = byId.get(id)!
    const spent = Math.max(0, profile.timeDeltas![i]!)
    if (frame.functionName === '(idle)' || frame.functionName === '(program)') continue
    busy += spent
    if (OURS.test(frame.url)) ours += spent
  }
  return { ours, busy }
}

const makers: [string, DeviceMaker][] = [['rxdb (memory)', rxDevice], ['watermelondb (LokiJS)', watermelonDevice]]
for (const [name, make] of makers) {
  test(`${name}: first sync of ${ROWS} attempts`, { timeout: 600_000 }, async () => {
    const device = await make({ url: site.url, account: town.people.worker!, schema: town.schema, tables: ['services', 'contact_attempts'], limit: 1000 })
    const inspector = new Inspector()
    inspector.connect()
    await inspector.post('Profiler.enable')
    await inspector.post('Profiler.start')
    const start = performance.now()
    for (let i = 0; i < 5; i++) await device.sync()
    const seconds = (performance.now() - start) / 1000
    const { profile } = await inspector.post('Profiler.stop')
    inspector.disconnect()
    const all = await device.all()
    assert.equal([...all.keys()].filter((k) => k.startsWith('contact_attempts/')).length, ROWS)
    const { ours, busy } = shares(profile)
    console.log(`${name}: ${ROWS} attempts in ${seconds.toFixed(1)} s; adapter and core ${((100 * ours) / busy).toFixed(1)} % of ${(busy / 1e6).toFixed(1)} s of work`)
    assert.ok(ours / busy < SHARE, `the adapter's share is ${ours / busy}`)
    await device.close()
  })
}
