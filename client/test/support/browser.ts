// Debian's chromium, and the server behind which its pages live.
import { readlinkSync } from 'node:fs'
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { build } from 'esbuild'

export const CHROMIUM = '/usr/bin/chromium'

/** Nothing that a browser does of its own accord, and what it needs to run as root. */
export const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
]

/** Serves a test page, and everything under /v1 from the real server: one origin, as deployed. */
export class Front {
  url = ''
  /** No request gets through. */
  cut = false
  private lost: (() => void) | undefined

  private constructor(private readonly server: Server) {}

  static async open(script: string, target: string): Promise<Front> {
    const server = createServer((req, res) => front.serve(req, res, script, target))
    const front = new Front(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    front.url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
    return front
  }

  /** The answer to the next `POST /v1/sync` never arrives; resolves when the server has given it. */
  loseAnswer(): Promise<void> {
    return new Promise((resolve) => (this.lost = resolve))
  }

  close(): void {
    this.server.closeAllConnections()
    this.server.close()
  }

  private serve(req: IncomingMessage, res: ServerResponse, script: string, target: string): void {
    if (!req.url?.startsWith('/v1')) {
      res.writeHead(200, { 'content-type': req.url === '/page.js' ? 'text/javascript' : 'text/html' })
      res.end(req.url === '/page.js' ? script : '<!doctype html><title>device</title><script src="/page.js"></script>')
      return
    }
    if (this.cut) {
      res.destroy()
      return
    }
    const { lost } = this
    if (req.url === '/v1/sync') this.lost = undefined
    const up = request(target + req.url, { method: req.method!, headers: req.headers }, (answer) => {
      if (lost && req.url === '/v1/sync') {
        answer.resume().on('end', lost)
        return
      }
      res.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(res)
    })
    up.on('error', () => res.destroy())
    req.pipe(up)
  }
}

/** The page's script with everything it imports. */
export async function bundled(entry: string): Promise<string> {
  const made = await build({
    entryPoints: [entry], bundle: true, write: false, format: 'iife', platform: 'browser', target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' }, logLevel: 'error', tsconfigRaw: '{}',
  })
  return made.outputFiles[0]!.text
}

/** Ends the browser that runs on a folder as a power cut does. */
export async function killBrowserOf(folder: string): Promise<void> {
  const pid = Number(readlinkSync(join(folder, 'SingletonLock')).split('-').pop())
  if (!(pid > 1)) throw new Error('no browser runs on this folder')
  process.kill(pid, 'SIGKILL')
  for (let i = 0; i < 200 && alive(pid); i++) await new Promise((r) => setTimeout(r, 25))
}

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
