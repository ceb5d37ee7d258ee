import { sleep } from './backoff.js'
import type { State } from './events.js'
import { follow } from './live.js'
import type { Session } from './session.js'
import { troubleOf, type Trouble } from './trouble.js'

export interface Work {
  session: Session
  /** One whole sync. Throws a Trouble when it could not be finished. */
  once: (signal: AbortSignal) => Promise<void>
  /** The server's sequence as of the last sync. */
  seq: () => number
  /** Erases everything this device holds. */
  erase: () => Promise<void>
  /** Listen for tickles; otherwise only `kick` and the network coming back start a sync. */
  live?: boolean
}

/**
 * Keeps a device in step until it is stopped: syncs when kicked, when tickled and when the network
 * returns; backs off with jitter while it cannot; waits for a person when a sign-in is needed;
 * erases itself when ordered to and tells the server so.
 */
export class Runner {
  private control: AbortController | undefined
  private ended: Promise<void> = Promise.resolve()
  private wake: (() => void) | undefined
  private wanted = false

  constructor(private readonly work: Work) {}

  start(): void {
    if (this.control) return
    this.control = new AbortController()
    const { signal } = this.control
    const unlisten = onOnline(() => this.kick())
    this.wanted = true
    this.ended = Promise.all([this.loop(signal), this.listen(signal)]).then(unlisten)
  }

  /** Asks for a sync soon; many kicks while one runs are one more sync. */
  kick(): void {
    this.wanted = true
    this.wake?.()
  }

  async stop(): Promise<void> {
    this.control?.abort()
    this.control = undefined
    await this.ended
  }

  private async loop(signal: AbortSignal): Promise<void> {
    let failures = 0
    while (!signal.aborted) {
      this.wanted = false
      try {
        this.say('syncing')
        await this.work.once(signal)
        failures = 0
        this.say('idle')
        await this.kicked(signal)
      } catch (error) {
        if (signal.aborted) return
        const trouble = troubleOf(error)
        if (!(await this.goOn(trouble, failures++, signal))) return
      }
    }
  }

  /** Decides what a trouble means for the loop; false ends it. */
  private async goOn(trouble: Trouble, failures: number, signal: AbortSignal): Promise<boolean> {
    if (trouble.kind === 'wipe') return this.wipe(signal)
    if (trouble.kind === 'revoked') {
      this.say('revoked')
      return false
    }
    if (trouble.passing) {
      this.say('offline', trouble.code)
      await this.kicked(signal, this.work.session.pause(failures, trouble.retryAfter))
    } else {
      this.say(trouble.kind === 'signin' ? 'signin' : 'stuck', trouble.code || trouble.kind)
      await this.kicked(signal, this.work.session.pause(failures, REFUSED_PAUSE_MS))
    }
    return true
  }

  private async wipe(signal: AbortSignal): Promise<boolean> {
    await this.work.erase()
    this.say('wiped')
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await this.work.session.confirmWiped()
        await this.work.session.forget()
        break
      } catch (error) {
        const trouble = troubleOf(error)
        if (!trouble.passing) break
        await sleep(this.work.session.pause(attempt, trouble.retryAfter), signal)
      }
    }
    this.control?.abort()
    return false
  }

  private async listen(signal: AbortSignal): Promise<void> {
    if (!this.work.live) return
    const tickled = (seq: number) => {
      if (seq > this.work.seq()) this.kick()
    }
    await follow(this.work.session, { since: this.work.seq, tickled, signal })
  }

  /** Waits for a kick, at most `ms` when given. */
  private async kicked(signal: AbortSignal, ms?: number): Promise<void> {
    if (this.wanted) return
    const early = new AbortController()
    const stop = () => early.abort()
    this.wake = stop
    signal.addEventListener('abort', stop)
    await sleep(ms ?? MAX_IDLE_MS, early.signal)
    signal.removeEventListener('abort', stop)
    this.wake = undefined
  }

  private say(state: State, code?: string): void {
    this.work.session.events.emit({ kind: 'state', state, ...(code && { code }) })
  }
}

/** The least time before looking whether a refusal was lifted, or somebody has signed in. */
export const REFUSED_PAUSE_MS = 15_000
const MAX_IDLE_MS = 15 * 60_000 // a sync now and then even if every tickle was lost

/** Calls back when the platform says that the network is back. */
export function onOnline(call: () => void): () => void {
  const target = globalThis as Partial<Pick<Window, 'addEventListener' | 'removeEventListener'>>
  if (typeof target.addEventListener !== 'function') return () => undefined
  target.addEventListener('online', call)
  return () => target.removeEventListener?.('online', call)
}
