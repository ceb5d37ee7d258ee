import { sleep } from './backoff.js'
import type { Link } from './link.js'
import type { Runner } from './runner.js'

/** Wakes all who wait for something to happen. */
export class Bell {
  private waiting: (() => void)[] = []

  next(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  ring(): void {
    const { waiting } = this
    this.waiting = []
    for (const resolve of waiting) resolve()
  }
}

/**
 * The lives of a replication whose storage may fail. A library that was refused a write passes it
 * over, or waits for it for ever; so that life ends, and after a pause the next begins from what is
 * stored, and compares digests. `begin` makes a life, `end` undoes it and never rejects.
 */
export class Lives {
  /** Ends what belongs to this life. */
  control!: AbortController
  runner!: Runner
  /** No life at the moment, but another to come. */
  between = false
  private over = false
  private failures = 0
  private readonly begun = new Bell()

  constructor(private readonly link: Link, private readonly begin: (signal: AbortSignal) => Runner, private readonly end: () => Promise<unknown>) {
    this.start()
  }

  private start(): void {
    this.control = new AbortController()
    this.runner = this.begin(this.control.signal)
    this.between = false
    this.begun.ring()
  }

  /** The storage took everything for a while: the next pause is the first again. */
  well(): void {
    this.failures = 0
  }

  /** The storage would not take something. */
  async failed(): Promise<void> {
    if (this.over || this.between) return
    this.between = true
    const { session } = this.link
    session.events.emit({ kind: 'state', state: 'stuck', code: 'storage' })
    await this.halt()
    await this.runner.stop()
    await this.link.keepPlace({ verify: true }).catch(() => undefined) // known here, if not there
    await sleep(session.pause(this.failures++))
    if (!this.over) this.start()
  }

  private async halt(): Promise<void> {
    await this.end() // first, or a library takes a push that is given up for one that was answered
    this.control.abort()
  }

  /** Ends the last life, all but its runner. */
  finish(): Promise<void> {
    this.over = true
    this.begun.ring()
    return this.halt()
  }

  /** Does it again whenever a life ends before it is done; answers nothing when there is no other. */
  async through<T>(work: () => Promise<T>): Promise<T | undefined> {
    for (;;) {
      while (this.between && !this.over) await this.begun.next()
      const { signal } = this.control
      const ended = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)))
      const done = await Promise.race([work(), ended]).catch((error) => {
        if (!this.between) throw error
      })
      if (this.over || !(this.between || signal.aborted)) return done as T
    }
  }
}
