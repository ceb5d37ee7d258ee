const FIRST_MS = 1_000 // the first pause: a lost packet is over by then
const LONGEST_MS = 120_000 // the longest: a phone back from a tunnel should not sit there
const DOUBLINGS = 10 // beyond this the pause is the longest anyway

/**
 * Milliseconds to wait before try number `attempt` (0 = the first repeat): doubling, with jitter
 * over the upper half so that a city's phones do not come back together. Never less than what
 * the server asked for.
 */
export function pauseBefore(attempt: number, asked = 0, random: () => number = Math.random): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, DOUBLINGS))
  return Math.max(full * (0.5 + random() / 2), asked * (1 + random() / 10))
}

/** Waits, or rejects nothing and returns early when the signal fires. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
  })
}

/** Reads `Retry-After`: seconds or a date, as milliseconds from now; nothing when absent or odd. */
export function retryAfterMs(header: string | null, now = Date.now()): number | undefined {
  if (!header) return undefined
  const seconds = Number(header)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, MAX_ASKED_MS) : undefined
}

const MAX_ASKED_MS = 3_600_000 // an hour: a typo in a proxy must not silence a phone for a year
