import { sleep } from './backoff.js'
import type { Session } from './session.js'
import { Trouble, troubleOf } from './trouble.js'

const SILENCE_MS = 45_000 // the server comments every 20 s; two missing ones are a dead line
const POLL_S = 25 // a long poll's wait; proxies commonly cut at 30
const AGAIN_AFTER_REFUSAL_MS = 60_000 // a refusal that waiting alone will not lift

export interface LiveOptions {
  /** The sequence this device has seen; a tickle comes only for something newer. */
  since: () => number
  /** Called for each tickle, and once for each connection that was lost and found again. */
  tickled: (seq: number) => void
  signal: AbortSignal
  silenceMs?: number
}

/**
 * Listens for tickles until the signal fires: over Server-Sent Events where the platform streams
 * bodies, else (React Native, a proxy that buffers) by long polls. A tickle says only that a
 * sync is worth while; losing one costs time, never a row. Source: docs/protocol.md, section 7.
 */
export async function follow(session: Session, options: LiveOptions): Promise<void> {
  let failures = 0
  let polls = false
  while (!options.signal.aborted) {
    try {
      if (polls) await poll(session, options)
      else polls = await streamed(session, options) === 'unusable'
      failures = 0
    } catch (error) {
      const trouble = troubleOf(error)
      if (options.signal.aborted) return
      const pause = trouble.passing ? session.pause(failures++, trouble.retryAfter) : AGAIN_AFTER_REFUSAL_MS
      await sleep(pause, options.signal)
      if (!options.signal.aborted) options.tickled(Infinity)
    }
  }
}

async function poll(session: Session, options: LiveOptions): Promise<void> {
  const since = options.since()
  const answer = await session.call(`/v1/sync/live?since=${since}&wait=${POLL_S}`, { signal: options.signal })
  const seq = (answer as { seq?: unknown } | null)?.seq
  if (typeof seq !== 'number') return
  options.tickled(seq)
  if (options.since() <= since) await sleep(session.pause(0), options.signal) // the sync is still on its way
}

/** Reads one event stream to its end; `unusable` when nothing ever came through. */
async function streamed(session: Session, options: LiveOptions): Promise<'ended' | 'unusable'> {
  const line = new AbortController()
  const hangUp = () => line.abort()
  options.signal.addEventListener('abort', hangUp)
  let watchdog = setTimeout(hangUp, options.silenceMs ?? SILENCE_MS)
  let heard = false
  try {
    const response = await session.stream(`/v1/sync/live?since=${options.since()}`, 'text/event-stream', line.signal)
    if (!/event-stream/.test(response.headers.get('content-type') ?? '')) throw new Trouble('offline', 200, 'not_pursuit')
    if (!response.body) return 'unusable'
    for await (const text of chunks(response.body)) {
      heard = true
      clearTimeout(watchdog)
      watchdog = setTimeout(hangUp, options.silenceMs ?? SILENCE_MS)
      for (const seq of text) options.tickled(seq)
    }
    return 'ended'
  } catch (error) {
    if (line.signal.aborted && !options.signal.aborted) return heard ? 'ended' : 'unusable'
    throw error
  } finally {
    clearTimeout(watchdog)
    options.signal.removeEventListener('abort', hangUp)
    hangUp()
  }
}

/** The tickles in each piece of a stream, which may be cut anywhere. */
async function* chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<number[]> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const events = (rest + decoder.decode(next.value, { stream: true })).replace(/\r\n/g, '\n').split('\n\n')
    rest = events.pop()!
    yield events.map(seqOf).filter((seq) => seq > 0)
  }
}

function seqOf(event: string): number {
  const lines = event.split('\n')
  if (!lines.some((l) => /^event: ?tickle$/.test(l))) return 0
  const found = /"seq": ?(\d+)/.exec(lines.find((l) => l.startsWith('data:')) ?? '')
  return found ? Number(found[1]) : 0
}
