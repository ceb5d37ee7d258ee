// Debian's chromium with real IndexedDB: what is written while the browser is offline survives a
// closed page and arrives when the network returns; and so it does when the browser is killed with an
// answer on its way.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { Pursuit, newId } from '@pursuit/client'
import { MemoryStore } from '@pursuit/client/memory'
import { CHROMIUM, FLAGS, Front, bundled, killBrowserOf } from '../support/browser.js'
import { KINDS, Site, Town, endCluster, type CaseIds } from '../support/server.js'

const ROWS = 50

after(endCluster)

for (const kind of KINDS) {
  describe(kind, () => {
    let site: Site
    let town: Town
    let desk: Pursuit
    let browser: Browser
    let page: Front
    before(async () => {
      site = await Site.start(kind)
      town = await Town.build(site)
      desk = await Pursuit.open({ session: await site.session(town.people.boss!), store: new MemoryStore(), live: false })
      page = await Front.open(await bundled('test/browser/page.ts'), site.url)
      browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
    })
    after(async () => {
      await browser?.close()
      page?.close()
      await site?.stop()
    })

    async function opened(): Promise<CaseIds> {
      const edits = town.caseFor(town.people.worker!)
      await desk.write(edits)
      await desk.sync()
      return edits.ids
    }

    async function device(context: BrowserContext, name: string): Promise<Page> {
      const tab = await context.newPage()
      tab.on('pageerror', (e) => console.error('page:', e.message))
      await tab.goto(page.url)
      const { email, password } = town.people.worker!
      await tab.evaluate(`open_device('${name}', location.origin, ${JSON.stringify(email)}, ${JSON.stringify(password)})`)
      return tab
    }

    for (const name of ['core', 'rxdb', 'watermelondb']) {
      test(`${name}: offline in the browser, the page closed and opened again, then online`, { timeout: 120_000 }, async () => {
        const [phone, tablet] = [await browser.newContext(), await browser.newContext()]
        try {
          const ids = await opened()
          let tab = await device(phone, name)
          await tab.evaluate('device.sync()')
          assert.equal(await tab.evaluate(`device.get('people', '${ids.person}').then((p) => p.code)`), `code-${ids.person.slice(-4)}`)
          const before = (await tab.evaluate(`device.count('contact_attempts')`)) as number
          await phone.setOffline(true)
          const made = Array.from({ length: ROWS }, () => newId())
          for (const id of made) {
            const set = { service_id: ids.service, channel: 'call', outcome: 'no_answer', occurred_at: new Date().toISOString(), note: 'offline' }
            await tab.evaluate(`device.insert('contact_attempts', ${JSON.stringify(set)}, '${id}')`)
          }
          await tab.evaluate(`Promise.race([device.sync().catch(() => 0), new Promise((r) => setTimeout(r, 300))])`)
          await tab.waitForTimeout(1000) // LokiJS writes itself to IndexedDB now and then
          await phone.setOffline(false)
          await tab.close()
          tab = await device(phone, name)
          assert.equal(await tab.evaluate(`device.count('contact_attempts')`), before + ROWS)
          await tab.evaluate('device.sync()')
          const other = await device(tablet, name)
          await other.evaluate('device.sync()')
          for (const id of made) assert.equal(await other.evaluate(`device.get('contact_attempts', '${id}').then((a) => a && a.note)`), 'offline')
          assert.deepEqual(await tab.evaluate('device.outcomes()'), [])
          await tab.evaluate('device.sync()')
          assert.deepEqual(await tab.evaluate('device.verify()'), [])
          assert.deepEqual(await other.evaluate('device.verify()'), [])
        } finally {
          await phone.close()
          await tablet.close()
        }
      })

      test(`${name}: the browser killed in the middle of a sync comes back and goes on`, { timeout: 120_000 }, async () => {
        const folder = mkdtempSync(join(tmpdir(), 'pursuit-browser-'))
        const start = () => chromium.launchPersistentContext(folder, { executablePath: CHROMIUM, args: FLAGS })
        let phone = await start()
        const tablet = await browser.newContext()
        try {
          const ids = await opened()
          let tab = await device(phone, name)
          await tab.evaluate('device.sync()')
          const before = (await tab.evaluate(`device.count('contact_attempts')`)) as number
          const made = Array.from({ length: ROWS }, () => newId())
          page.cut = true
          for (const id of made) {
            const set = { service_id: ids.service, channel: 'call', outcome: 'no_answer', occurred_at: new Date().toISOString(), note: 'killed' }
            await tab.evaluate(`device.insert('contact_attempts', ${JSON.stringify(set)}, '${id}')`)
          }
          await tab.waitForTimeout(1000) // LokiJS writes itself to IndexedDB now and then
          page.cut = false
          const lost = page.loseAnswer()
          void tab.evaluate('device.sync()').catch(() => undefined)
          await lost // the server has the edits and the phone does not know it
          await killBrowserOf(folder)
          await phone.close().catch(() => undefined)
          phone = await start()
          tab = await device(phone, name)
          assert.equal(await tab.evaluate(`device.count('contact_attempts')`), before + ROWS)
          await tab.evaluate('device.sync()')
          await tab.evaluate('device.sync()')
          assert.deepEqual(await tab.evaluate('device.outcomes()'), [])
          assert.equal(await tab.evaluate(`device.count('contact_attempts')`), before + ROWS)
          const other = await device(tablet, name)
          await other.evaluate('device.sync()')
          for (const id of made) assert.equal(await other.evaluate(`device.get('contact_attempts', '${id}').then((a) => a && a.note)`), 'killed')
          assert.deepEqual(await tab.evaluate('device.verify()'), [])
        } finally {
          page.cut = false
          await phone.close().catch(() => undefined)
          await tablet.close()
          rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
        }
      })
    }
  })
}
