// Seeded random lives of four devices on one program: RxDB, WatermelonDB and two on the core, with
// bad lines, restarts and reassignments. Each must end with the same rows as the others, the same
// digests as the server, and no edit lost.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { Pursuit, type Outcome } from '@pursuit/client'
import { MemoryStore } from '@pursuit/client/memory'
import type { Device } from '../support/device.js'
import { nativeDevice } from '../support/native.js'
import { Net, type Mishap } from '../support/net.js'
import { rxDevice } from '../support/rx.js'
import { KINDS, Site, Town, endCluster, type CaseIds } from '../support/server.js'
import { Trace } from '../support/trace.js'
import { watermelonDevice } from '../support/watermelon.js'

// How many lives are played on each database; each has both libraries in it.
const RUNS = Number(process.env.PURSUIT_CLIENT_SEEDS ?? 20)
const FIRST = Number(process.env.PURSUIT_CLIENT_SEED ?? 1)
const STEPS = 40
const TABLES = ['people', 'known_contacts', 'referrals', 'services', 'contact_attempts', 'quarantine']
const MISHAPS: Mishap[] = ['lose_request', 'lose_answer', 'half_answer', 'portal', 'error_500']

after(endCluster)

/** A generator of numbers in [0, 1) that repeats itself for a seed. */
function random(seed: number): () => number {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

interface Life {
  rnd: () => number
  trace: Trace
  devices: Device[]
  desk: Pursuit
  town: Town
  cases: CaseIds[]
  attempts: Map<Device, string[]>
  /** Every attempt ever made, to look for at the end. */
  made: Set<string>
  /** Those that a device deleted. */
  removed: Set<string>
  /** What their makers, who alone edit them, wrote into them last. */
  minutes: Map<string, number>
}

const pick = <T>(life: Life, list: T[]): T => list[Math.floor(life.rnd() * list.length)]!

async function step(life: Life): Promise<void> {
  const device = pick(life, life.devices)
  const dice = life.rnd()
  if (dice < 0.3) await tryOut(life, device)
  else if (dice < 0.5) await editPerson(life, device)
  else if (dice < 0.6) await editAttempt(life, device)
  else if (dice < 0.65) turn(life, device)
  else if (dice < 0.9) await device.sync().catch(() => undefined)
  else if (dice < 0.94) await restart(life, device)
  else await reassign(life)
}

const nameOf = (life: Life, device: Device) => `${life.devices.indexOf(device)}`

function turn(life: Life, device: Device): void {
  device.net.online = !device.net.online
  life.trace.note(`* ${nameOf(life, device)} ${device.net.online ? 'online' : 'offline'}`)
}

async function restart(life: Life, device: Device): Promise<void> {
  life.trace.note(`* ${nameOf(life, device)} restarts`)
  await device.restart()
  life.trace.note(`* ${nameOf(life, device)} restarted`)
}

async function tryOut(life: Life, device: Device): Promise<void> {
  const ids = pick(life, life.cases)
  if (!(await device.get('services', ids.service))) return
  const id = await device.insert('contact_attempts', {
    service_id: ids.service, channel: pick(life, ['call', 'text', 'in_person_visit']), outcome: 'no_answer',
    occurred_at: new Date().toISOString(), note: `note ${life.made.size}`,
  })
  life.trace.note(`${nameOf(life, device)} makes attempt ${id}`)
  life.made.add(id)
  life.attempts.set(device, [...(life.attempts.get(device) ?? []), id])
}

async function editPerson(life: Life, device: Device): Promise<void> {
  const ids = pick(life, life.cases)
  const person = await device.get('people', ids.person)
  if (!person) return
  const phones = (person.phones as string[] | null) ?? []
  const n = Math.floor(life.rnd() * 1000)
  const edits = [
    { first_name: `name ${n}` }, { phones: [...phones, `+1503555${n}`] }, { phones: phones.slice(1) },
    { notes: `${(person.notes as string | null) ?? ''}\nline ${n}` }, { houseless: n % 2 === 0 }, { gender: null },
  ]
  const edit = pick(life, edits)
  life.trace.note(`${nameOf(life, device)} edits person ${ids.person} ${JSON.stringify(edit)}`)
  await unlessGone(device, 'people', ids.person, () => device.patch('people', ids.person, edit))
}

async function editAttempt(life: Life, device: Device): Promise<void> {
  const mine = life.attempts.get(device) ?? []
  if (mine.length === 0) return
  const id = pick(life, mine)
  if (!(await device.get('contact_attempts', id))) return
  const goes = life.rnd() < 0.2
  const duration_minutes = Math.floor(life.rnd() * 60)
  life.trace.note(`${nameOf(life, device)} ${goes ? 'deletes' : `edits ${duration_minutes} into`} attempt ${id}`)
  await unlessGone(device, 'contact_attempts', id, async () => {
    if (goes) await device.remove('contact_attempts', id)
    else await device.patch('contact_attempts', id, { duration_minutes })
    if (goes) life.removed.add(id)
    else life.minutes.set(id, duration_minutes)
  })
}

/** An edit of a row that the stream takes away at this very moment is none. */
async function unlessGone(device: Device, table: string, id: string, edit: () => Promise<void>): Promise<void> {
  try {
    await edit()
  } catch (error) {
    if (await device.get(table, id)) throw error
  }
}

/** A case changes hands and comes back: what was written meanwhile must still arrive. */
async function reassign(life: Life): Promise<void> {
  const ids = pick(life, life.cases)
  const worker = life.town.people.worker!
  life.trace.note(`* service ${ids.service} of person ${ids.person} taken`)
  await life.desk.patch('assignments', ids.assignment, { ended_at: new Date().toISOString() })
  await life.desk.sync()
  ids.assignment = await life.desk.insert('assignments', { service_id: ids.service, user_id: worker.id, role: 'outreach_worker' })
  await life.desk.sync()
  life.trace.note(`* service ${ids.service} given back`)
}

async function settle(device: Device): Promise<void> {
  device.net.online = true
  device.net.chance = undefined
  for (let i = 0; i < 30; i++) {
    try {
      await device.sync()
      return
    } catch {
      await new Promise((r) => setTimeout(r, 20))
    }
  }
  throw new Error('never came through')
}

/** Rows without what each library leaves out: a field that is unset. */
function comparable(all: Awaited<ReturnType<Device['all']>>): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const key of [...all.keys()].sort()) {
    const { v, b, fields } = all.get(key)!
    out[key] = { v, b, ...Object.fromEntries(Object.entries(fields).filter(([, x]) => x !== null && x !== '').sort()) }
  }
  return out
}

for (const kind of KINDS) {
  describe(kind, () => {
    let site: Site
    let town: Town
    before(async () => {
      site = await Site.start(kind)
      town = await Town.build(site)
    })
    after(() => site.stop())

    for (let seed = FIRST; seed < FIRST + RUNS; seed++) {
      test(`seed ${seed}`, { timeout: 120_000 }, async () => {
        const rnd = random(seed * 7919)
        const trace = new Trace()
        const worker = town.people.worker!
        let devicesMade = 0
        const options = () => {
          const n = devicesMade++
          const line = random(seed * 7919 + 1 + n) // its own, so that the fate of a line's requests is in their number
          const net = new Net(trace.around(`${n}`, (url, init) => fetch(url, init)), (mishap) => trace.note(`* ${n} line: ${mishap}`))
          net.chance = () => {
            const [bad, which] = [line() < 0.15, line()]
            return bad ? MISHAPS[Math.floor(which * MISHAPS.length)] : undefined
          }
          return { url: site.url, account: worker, schema: town.schema, tables: TABLES, net, limit: 50 }
        }
        const desk = await Pursuit.open({ session: await site.session(town.people.boss!), store: new MemoryStore(), live: false })
        const devices = [await rxDevice(options()), await watermelonDevice(options()), await nativeDevice(options()), await rxDevice(options())]
        const life: Life = { rnd, trace, devices, desk, town, cases: [], attempts: new Map(), made: new Set(), removed: new Set(), minutes: new Map() }
        try {
          for (let i = 0; i < 3; i++) {
            const edits = town.caseFor(worker)
            await desk.write(edits)
            life.cases.push(edits.ids)
          }
          await desk.sync()
          for (const device of devices) await device.sync().catch(() => undefined)
          for (let i = 0; i < STEPS; i++) await step(life)
          for (const device of devices) await settle(device)
          for (const device of devices) await settle(device)
          await judge(life)
        } finally {
          for (const device of devices) await device.close()
        }
      })
    }
  })
}

async function judge(life: Life): Promise<void> {
  const [first, ...others] = life.devices
  const expected = comparable(await first!.all())
  for (const [i, device] of others.entries()) {
    const there = comparable(await device.all())
    const odd = [...new Set([...Object.keys(expected), ...Object.keys(there)])].filter((k) => !isDeepStrictEqual(there[k], expected[k]))
    for (const key of odd) {
      const said = `${key}: device 0 shows ${JSON.stringify(expected[key])}, device ${i + 1} ${JSON.stringify(there[key])}`
      assert.fail(`${said}\n${life.trace.about(key)}`)
    }
  }
  for (const device of life.devices) {
    for (const bucket of await device.verify()) assert.fail(`device ${nameOf(life, device)} differs in ${bucket}\n${life.trace.about(bucket)}`)
  }
  await life.desk.sync()
  const known = new Map((await life.desk.list('contact_attempts')).map((r) => [r.id, r]))
  const held = new Set((await life.desk.list('quarantine')).map((q) => q.row as string))
  const told: Outcome[] = (await Promise.all(life.devices.map((d) => d.outcomes()))).flat()
  for (const id of life.made) {
    const said = told.filter((o) => o.row === id).map((o) => `${o.op} ${o.status} ${o.code ?? ''}`).join(', ')
    if (held.has(id) || said) continue // a supervisor has it, or the person knows
    const row = known.get(id)
    const wanted = life.removed.has(id) ? 'deleted' : `there with ${life.minutes.get(id) ?? 'no'} minutes`
    const found = row ? `there with ${row.duration_minutes ?? 'no'} minutes` : 'deleted'
    if (found === wanted) continue
    const made = life.devices.findIndex((d) => life.attempts.get(d)?.includes(id))
    assert.fail(`attempt ${id} of device ${made} should be ${wanted} and is ${found}\n${life.trace.about(id)}`)
  }
  assert.deepEqual(told.filter((o) => o.status === 'unsent' || o.status === 'stuck'), [])
}
