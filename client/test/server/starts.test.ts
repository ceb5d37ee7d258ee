// The starts of README.md are what they say: each is taken out of the page, checked as TypeScript
// against the built types, bundled as an app is, and run in a process of its own against a real
// server, with nothing added but the names that the page leaves to the app.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { Pursuit, newId } from '@pursuit/client'
import { MemoryStore } from '@pursuit/client/memory'
import { build } from 'esbuild'
import { Site, Town, endCluster, type CaseIds } from '../support/server.js'

const FOLDER = resolve('.build/starts')
const PAGE_URL = 'https://pursuit.example.org'
const LINES = 20 // without imports and blank lines
const BATCH = 500 // what the page's loop sends at a time
const STRICT = '--noEmit --strict --skipLibCheck --target es2022 --module esnext --moduleResolution bundler --types node'.split(' ')
const run = promisify(execFile)

/** What the page leaves to the app, and what a browser has and Node has not. */
const APP = `
import 'fake-indexeddb/auto'
const kept = new Map<string, string>()
Object.defineProperty(globalThis, 'localStorage', { configurable: true, value: {
  getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v), removeItem: (k: string) => void kept.delete(k),
} })
const { email, password, service_id, deviceId } = JSON.parse(process.env.START_APP!) as Record<'email' | 'password' | 'service_id' | 'deviceId', string>
const show = (_: unknown) => {}
const bar = (_done: number, _total: number | null) => {}
`

/** What each start is asked afterwards; the test asks the server the rest. */
const ASKED: Record<string, { attempts: number; app?: string; then: string }> = {
  RxDB: { attempts: 1, then: `
    if (!(await db.services.findOne(service_id).exec())) throw new Error('the case is not here')
    await sync.awaitInSync()` },
  WatermelonDB: { attempts: 1, then: `
    await database.get('services').find(service_id)
    const record = await database.write(() => database.get('contact_attempts').create((r: any) => {
      for (const [k, v] of Object.entries({ service_id, channel: 'call', outcome: 'no_answer', occurred_at: new Date().toISOString() })) r._setRaw(k, v)
    }))
    await syncPursuit(database, { session, schema })
    if (record.syncStatus !== 'synced') throw new Error('not synced: ' + record.syncStatus)` },
  'Neither: the core': { attempts: 0, then: `
    await pursuit.sync()
    if (!(await pursuit.get('services', service_id))) throw new Error('the case is not here')
    const person: any = await pursuit.get('people', id)
    if (!(person._v > 0) || person.phones.length !== 1) throw new Error('the server has not said the person')
    if ((await pursuit.outcomes()).length > 0) throw new Error('something was not taken')` },
  'Bare fetch': {
    attempts: BATCH + 1,
    app: `
const rows = new Map<string, any>()
const settled: any[] = []
const outbox: any[] = Array.from({ length: ${BATCH + 1} }, (_, i) => ({ id: crypto.randomUUID(), table: 'contact_attempts', row: crypto.randomUUID(), op: 'insert', base: 0,
  at: new Date().toISOString(), set: { service_id, channel: 'call', outcome: 'no_answer', occurred_at: new Date().toISOString(), note: String(i) } }))
const settle = (mutation: any, result: any) => settled.push([mutation.id === result.id, result.status])
const forgetRowsOf = (bucket: string) => rows.forEach((row, key) => row._b === bucket && rows.delete(key))
const apply = (table: string, remove: any[], upsert: any[]) => {
  for (const row of remove) rows.delete(table + '/' + row.id)
  for (const row of upsert) rows.set(table + '/' + row.id, row)
}
`,
    then: `
    if (!rows.has('services/' + service_id)) throw new Error('the case is not here')
    if (settled.length !== ${BATCH + 1} || settled.some(([same, status]) => !same || status !== 'applied')) throw new Error('not settled')
    if ([...rows.keys()].filter((k) => k.startsWith('contact_attempts/')).length < ${BATCH + 1}) throw new Error('the attempts did not come back')`,
  },
}

interface Start {
  title: string
  language: string
  code: string
}

function starts(): Start[] {
  const page = readFileSync('README.md', 'utf8')
  const part = page.slice(page.indexOf('\n## Start'), page.indexOf('\n## What each can'))
  return [...part.matchAll(/(?:^### (.+)\n)?(?:(?!^###|^```).*\n)*?^```(ts|js)\n([\s\S]*?)^```/gm)].map(([, title = 'Session', language, code]) => ({ title, language: language!, code: code! }))
}

let site: Site
let town: Town
let ids: CaseIds

before(async () => {
  site = await Site.start('sqlite')
  town = await Town.build(site)
  const desk = await Pursuit.open({ session: await site.session(town.people.boss!), store: new MemoryStore(), live: false })
  const edits = town.caseFor(town.people.worker!)
  ids = edits.ids
  await desk.write(edits)
  await desk.sync()
  rmSync(FOLDER, { recursive: true, force: true })
  // an app as bundlers know it: it has the package among its own, and does not say that it is all modules
  mkdirSync(join(FOLDER, 'node_modules/@pursuit'), { recursive: true })
  symlinkSync(resolve('.'), join(FOLDER, 'node_modules/@pursuit/client'))
  writeFileSync(join(FOLDER, 'package.json'), '{"name": "app", "private": true}')
})

after(async () => {
  await site?.stop()
  await endCluster()
})

/** One start as a module of its own: imports stay on top, the session is the page's too. */
function moduleOf({ title, language, code }: Start, session: string): string {
  const { app = '', then } = ASKED[title]!
  return [APP, app, language === 'ts' ? session : '', code, then, '\nvoid [show, bar, deviceId, service_id]\nprocess.exit(0)\n'].join('')
}

/** How many attempts of the case the server has. */
async function attempts(): Promise<number> {
  const desk = await Pursuit.open({ session: await site.session(town.people.boss!), store: new MemoryStore(), live: false })
  await desk.sync()
  return (await desk.list('contact_attempts')).length
}

test('the page has the starts that are tested here', () => {
  assert.deepEqual(starts().map((s) => s.title), ['Session', ...Object.keys(ASKED)])
})

test('the starts are short', () => {
  for (const { title, code } of starts()) {
    const lines = code.split('\n').filter((l) => l.trim() !== '' && !l.startsWith('import '))
    assert.ok(lines.length <= LINES, `${title}: ${lines.length} lines`)
  }
})

const [session, ...rest] = starts()
for (const start of rest) {
  const file = join(FOLDER, `${start.title.replace(/\W+/g, '-').toLowerCase()}.ts`)

  if (start.language === 'ts') {
    test(`${start.title}: its types are right`, { timeout: 120_000 }, async () => {
      writeFileSync(file, moduleOf(start, session!.code))
      await run(process.execPath, ['node_modules/typescript/bin/tsc', ...STRICT, file]).catch((e) => assert.fail(e.stdout))
    })
  }

  test(`${start.title}: it runs as it stands on the page`, { timeout: 120_000 }, async () => {
    const text = moduleOf(start, session!.code)
    assert.ok(text.includes(PAGE_URL))
    writeFileSync(file, text.replaceAll(PAGE_URL, site.url))
    const outfile = file.replace(/ts$/, 'mjs')
    await build({ entryPoints: [file], outfile, bundle: true, format: 'esm', platform: 'node', target: 'node20', logLevel: 'warning',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" } })
    const had = await attempts()
    const { email, password } = town.people.worker!
    const app = JSON.stringify({ email, password, service_id: ids.service, deviceId: newId() })
    await run(process.execPath, [outfile], { env: { ...process.env, START_APP: app }, timeout: 60_000 }).catch((e) => assert.fail(e.stderr || String(e)))
    assert.equal(await attempts(), had + ASKED[start.title]!.attempts)
  })
}
