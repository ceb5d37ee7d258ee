import { retryAfterMs } from './backoff.js'
import { Trouble, troubleOfAnswer } from './trouble.js'

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface HttpOptions {
  /** Base address of the server, without `/v1`. */
  url: string
  /** Another fetch, for tests and for apps that pin certificates. */
  fetch?: Fetch
  /** Milliseconds after which a request counts as lost. */
  timeoutMs?: number
}

export interface Call {
  method?: string
  body?: unknown
  token?: string
  signal?: AbortSignal
}

const TIMEOUT_MS = 90_000 // a full page over a slow mobile connection, with room
const GZIP_FROM = 250 // bytes; below it gzip and its header cost as much as they save

/** Requests to one server. Every failure is a Trouble; a success is the decoded JSON. */
export class Http {
  private readonly base: string
  private readonly fetch: Fetch
  private readonly timeoutMs: number

  constructor(options: HttpOptions) {
    this.base = options.url.replace(/\/+$/, '')
    this.fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init))
    this.timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  }

  /** Sends a call and reads the JSON that answers it; `null` for 204. */
  async json(path: string, call: Call = {}): Promise<unknown> {
    const limit = deadline(this.timeoutMs, call.signal)
    try {
      const response = await this.open(path, call, limit.signal)
      if (response.status === 204) return null
      return await readJson(response)
    } catch (error) {
      throw sorted(error, call.signal)
    } finally {
      limit.end()
    }
  }

  /** Sends a call and hands over the response of a success, its body unread. */
  async stream(path: string, call: Call, accept: string): Promise<Response> {
    try {
      return await this.open(path, call, call.signal, { Accept: accept })
    } catch (error) {
      throw sorted(error, call.signal)
    }
  }

  private async open(path: string, call: Call, signal?: AbortSignal, extra?: Record<string, string>): Promise<Response> {
    const headers: Record<string, string> = { ...extra }
    if (call.token) headers.Authorization = `Bearer ${call.token}`
    const init: RequestInit = { method: call.method ?? 'GET', headers }
    if (signal) init.signal = signal
    if (call.body !== undefined) {
      headers['Content-Type'] = 'application/json'
      init.body = await packed(JSON.stringify(call.body), headers)
    }
    const response = await this.fetch(this.base + path, init)
    if (response.ok) return response
    throw await refused(response)
  }
}

/** Compresses a body when the platform can and it pays; React Native sends it plain. */
async function packed(text: string, headers: Record<string, string>): Promise<BodyInit> {
  if (text.length < GZIP_FROM || typeof CompressionStream === 'undefined') return text
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
  headers['Content-Encoding'] = 'gzip'
  return await new Response(stream).arrayBuffer()
}

async function readJson(response: Response): Promise<unknown> {
  const kind = response.headers.get('content-type') ?? ''
  if (!/\bjson\b/.test(kind)) throw new Trouble('offline', response.status, 'not_json')
  return JSON.parse(await response.text())
}

async function refused(response: Response): Promise<Trouble> {
  const wait = retryAfterMs(response.headers.get('retry-after'))
  const kind = response.headers.get('content-type') ?? ''
  const problem = /\bjson\b/.test(kind) ? await response.json().catch(() => null) : null
  return troubleOfAnswer(response.status, problem as { code?: unknown } | null, wait)
}

/** A body cut short, a refused connection and a timeout are all the same: no answer. */
function sorted(error: unknown, signal?: AbortSignal): Trouble {
  if (error instanceof Trouble) return error
  return new Trouble(signal?.aborted ? 'aborted' : 'offline')
}

function deadline(ms: number, outer?: AbortSignal): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController()
  const stop = () => controller.abort()
  const timer = setTimeout(stop, ms)
  if (outer?.aborted) stop()
  outer?.addEventListener('abort', stop)
  const end = () => {
    clearTimeout(timer)
    outer?.removeEventListener('abort', stop)
  }
  return { signal: controller.signal, end }
}
