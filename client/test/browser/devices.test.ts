// Debian's chromium with real IndexedDB: what is written while the browser is offline survives a
// closed page and arrives when the network returns.
import assert from 'node:assert/strict'
import { createServer, request, type Server } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { build } from 'esbuild'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { Pursuit, newId } from '@pursuit/client'
import { MemoryStore } from '@pursuit/client/memory'
import { KINDS, Site, Town, endCluster, type CaseIds } from '../support/server.js'

const ROWS = 50

after(endCluster)

/** Serves the test page, and everything under /v1 from the real server: one origin, as deployed. */
async function front(script: string, target: string): Promise<{ url: string; server: Server }> {
  const server = createServer((req, res) => {
    if (req.url?.startsWith('/v1')) {
      const up = request(target + req.url, { method: req.method!, headers: req.headers }, (answer) => {
        res.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(res)
      })
      up.on('error', () => res.destroy())
      req.pipe(up)
      return
    }
    res.writeHead(200, { 'content-type': req.url === '/page.js' ? 'text/javascript' : 'text/html' })
    res.end(req.url === '/page.js' ? script : '<!doctype html><title>device</title><script src="/page.js"></script>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, server }
}

async function bundled(): Promise<string> {
  const made = await build({
    entryPoints: ['test/browser/page.ts'], bundle: true, write: false, format: 'iife', platform: 'browser', target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' }, logLevel: 'error', tsconfigRaw: '{}',
  })
  return made.outputFiles[0]!.text
}

for (const kind of KINDS) {
  describe(kind, () => {
    let site: Site
    let town: Town
    let desk: Pursuit
    let browser: Browser
    let page: { url: string; server: Server }
    before(async () => {
      site = await Site.start(kind)
      town = await Town.build(site)
      desk = await Pursuit.open({ session: await site.session(town.people.boss!), store: new MemoryStore(), live: false })
      page = await front(await bundled(), site.url)
      browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
    })
    after(async () => {
      await browser?.close()
      page?.server.closeAllConnections()
      page?.server.close()
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
    }
  })
}
