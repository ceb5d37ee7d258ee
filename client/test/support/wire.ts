// Counts what really goes up a line: every byte that a request writes to its socket.
import { connect as connectHttp2, createServer as createHttp2, type ClientHttp2Session } from 'node:http2'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Fetch } from '@pursuit/client'

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** A relay to an HTTP/1.1 server that counts the bytes on their way up. */
export async function countedHttp1(target: string): Promise<{ url: string; taken: () => number; close: () => void }> {
  let up = 0
  const open = new Set<Socket>()
  const to = new URL(target)
  const server = createServer((down) => {
    const line = connect(Number(to.port), to.hostname)
    open.add(down).add(line)
    down.on('data', (bytes: Buffer) => {
      up += bytes.length
      line.write(bytes)
    })
    line.on('data', (bytes) => down.write(bytes))
    for (const socket of [down, line]) socket.on('error', () => undefined).on('close', () => [down, line].forEach((s) => s.destroy()))
  })
  const port = await listening(server)
  const taken = () => [up, (up = 0)][0]!
  return { url: `http://127.0.0.1:${port}`, taken, close: () => (open.forEach((s) => s.destroy()), server.close()) }
}

/** A fetch over one HTTP/2 connection to a proxy before the server, as in any real deployment. */
export async function countedHttp2(target: string): Promise<{ fetch: Fetch; taken: () => number; close: () => void }> {
  const proxy = createHttp2((req, res) => {
    const parts: Buffer[] = []
    req.on('data', (d: Buffer) => parts.push(d)).on('end', () => {
      const headers = Object.fromEntries(Object.entries(req.headers).filter(([k]) => !k.startsWith(':'))) as Record<string, string>
      void fetch(target + req.url, { method: req.method, headers, body: parts.length > 0 ? Buffer.concat(parts) : null }).then(async (answer) => {
        res.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
        res.end(Buffer.from(await answer.arrayBuffer()))
      })
    })
  })
  const port = await listening(proxy as unknown as Server)
  const line: ClientHttp2Session = connectHttp2(`http://127.0.0.1:${port}`)
  let before = 0
  const taken = () => {
    const now = (line.socket as Socket).bytesWritten
    return [now - before, (before = now)][0]!
  }
  return { fetch: (url, init) => over(line, url, init), taken, close: () => (line.destroy(), proxy.close()) }
}

function over(line: ClientHttp2Session, url: string, init: RequestInit): Promise<Response> {
  return new Promise((resolve, reject) => {
    const headers = Object.fromEntries(Object.entries(init.headers as Record<string, string>).map(([k, v]) => [k.toLowerCase(), v]))
    const agent = { 'user-agent': 'okhttp/4.12.0', 'accept-encoding': 'gzip' } // as React Native's fetch sends
    const request = line.request({ ':method': init.method ?? 'GET', ':path': new URL(url).pathname + new URL(url).search, ...agent, ...headers })
    let status = 0
    let kind = ''
    const parts: Buffer[] = []
    request.on('response', (h) => ((status = h[':status']!), (kind = String(h['content-type']))))
    request.on('data', (d: Buffer) => parts.push(d)).on('error', reject)
    request.on('end', () => resolve(new Response(status === 204 ? null : Buffer.concat(parts), { status, headers: { 'content-type': kind } })))
    request.end(init.body === undefined ? undefined : typeof init.body === 'string' ? init.body : Buffer.from(init.body as ArrayBuffer))
  })
}
