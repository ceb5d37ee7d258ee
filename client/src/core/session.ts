import { pauseBefore } from './backoff.js'
import { Events } from './events.js'
import { Http, type Call, type HttpOptions } from './http.js'
import { newId } from './id.js'
import { Trouble } from './trouble.js'
import {
  PROTOCOL, SCHEMA, type DigestAnswer, type Schema, type SyncAnswer, type SyncRequest, type TokenAnswer, type User,
} from './wire.js'

/** A place for a few texts: a keychain, AsyncStorage, localStorage, a table. `null` removes. */
export interface Durable {
  get(key: string): Promise<string | null>
  set(key: string, value: string | null): Promise<void>
}

export interface SessionOptions extends HttpOptions {
  /** Where tokens and the device's identity live; a keychain is the right place on a phone. */
  storage: Durable
  device?: { name?: string; platform?: string; app_version?: string }
  /** The schema this app was built against; newer servers may ask for an upgrade. */
  schema?: number
  /** The clock, for tests. */
  now?: () => number
  /** Milliseconds before try number `attempt` again, at least `asked`; the default suits phones. */
  pause?: (attempt: number, asked?: number) => number
}

interface Tokens {
  access: string
  refresh: string
  /** By this device's clock, milliseconds. */
  until: number
}

const KEY = 'pursuit/session'
const EARLY_MS = 30_000 // refresh this long before the end, so that a request does not die on the way

interface Kept {
  device: string
  tokens?: Tokens | undefined
  user?: User | undefined
}

/**
 * A signed-in device: who it is, its tokens and the calls it may make.
 *
 * Tokens are stored before they are used, refreshes are never sent twice at once, and an answer
 * that is not the server's own signs nobody out. Source: docs/protocol.md, section 3.
 */
export class Session {
  readonly events = new Events()
  readonly schemaNo: number
  readonly now: () => number
  readonly pause: (attempt: number, asked?: number) => number
  private readonly http: Http
  private refreshing: Promise<void> | undefined

  private constructor(private readonly options: SessionOptions, private kept: Kept) {
    this.http = new Http(options)
    this.schemaNo = options.schema ?? SCHEMA
    this.now = options.now ?? Date.now
    this.pause = options.pause ?? ((attempt, asked) => pauseBefore(attempt, asked))
  }

  /** Opens the session kept in the storage, or a fresh one that has yet to sign in. */
  static async open(options: SessionOptions): Promise<Session> {
    const kept = parsed<Kept>(await options.storage.get(KEY)) ?? { device: newId() }
    const session = new Session(options, kept)
    await session.keep()
    return session
  }

  get deviceId(): string {
    return this.kept.device
  }

  /** Who works on this device; stays known while signed out. */
  get user(): User | undefined {
    return this.kept.user
  }

  get signedIn(): boolean {
    return this.kept.tokens !== undefined
  }

  /**
   * Signs in. Refuses another person on a device that still holds the first one's rows and
   * edits (`other_user`): erase the store and call `forget` first.
   */
  async signIn(email: string, password: string): Promise<User> {
    const device = { id: this.deviceId, name: '', platform: '', app_version: '', ...this.options.device }
    const answer = await this.http.json('/v1/auth/login', { method: 'POST', body: { email, password, device } })
    const { user } = tokenAnswer(answer)
    if (this.kept.user && this.kept.user.id !== user.id) throw new Trouble('other_user')
    await this.take(answer)
    return user
  }

  /** Ends the session on the server when it can be reached, and here in any case. */
  async signOut(): Promise<void> {
    await this.call('/v1/auth/logout', { method: 'POST' }).catch(() => undefined)
    this.kept = { ...this.kept, tokens: undefined }
    await this.keep()
  }

  /** Forgets the person; the device keeps its identity. Erase the rows before. */
  async forget(): Promise<void> {
    this.kept = { device: this.kept.device }
    await this.keep()
  }

  /** One round trip of `POST /v1/sync`, its answer checked for being whole. */
  async sync(request: SyncRequest, signal?: AbortSignal): Promise<SyncAnswer> {
    const body = { protocol: PROTOCOL, schema: this.schemaNo, device_time: new Date(this.now()).toISOString(), ...request }
    const answer = await this.call('/v1/sync', { method: 'POST', body, ...(signal && { signal }) })
    return wholeAnswer(answer as SyncAnswer, request)
  }

  async schema(): Promise<Schema> {
    return (await this.call('/v1/sync/schema')) as Schema
  }

  async digests(cursor: string | null, signal?: AbortSignal): Promise<DigestAnswer> {
    const body = { cursor }
    return (await this.call('/v1/sync/digests', { method: 'POST', body, ...(signal && { signal }) })) as DigestAnswer
  }

  /** Confirms that this device has erased itself; the one call open to it after the order. */
  async confirmWiped(): Promise<void> {
    const token = this.kept.tokens?.access ?? ''
    await this.http.json(`/v1/devices/${this.deviceId}/wiped`, { method: 'POST', token })
  }

  /** Any call with this device's token; refreshes it first when it is spent, and once after a 401. */
  async call(path: string, call: Call = {}): Promise<unknown> {
    return this.withToken((token) => this.http.json(path, { ...call, token }))
  }

  /** As `call`, with the body left to be read as it comes. */
  async stream(path: string, accept: string, signal: AbortSignal): Promise<Response> {
    return this.withToken((token) => this.http.stream(path, { token, signal }, accept))
  }

  private async withToken<T>(send: (token: string) => Promise<T>): Promise<T> {
    const before = await this.fresh(false)
    try {
      return await send(before)
    } catch (error) {
      if (!(error instanceof Trouble) || error.kind !== 'signin') throw error
      const after = await this.fresh(this.kept.tokens?.access === before)
      return send(after)
    }
  }

  private async fresh(force: boolean): Promise<string> {
    const tokens = this.kept.tokens
    if (!tokens) throw new Trouble('signin')
    if (force || tokens.until - EARLY_MS < this.now()) {
      this.refreshing ??= this.refresh(tokens).finally(() => (this.refreshing = undefined))
      await this.refreshing
    }
    return this.kept.tokens!.access
  }

  /** Another tab may have refreshed already: its tokens are in the storage and are ours too. */
  private async refresh(old: Tokens): Promise<void> {
    const stored = parsed<Kept>(await this.options.storage.get(KEY))
    if (stored?.tokens && stored.tokens.refresh !== old.refresh) {
      this.kept = stored
      if (stored.tokens.until - EARLY_MS >= this.now()) return
    }
    const refresh = this.kept.tokens?.refresh ?? old.refresh
    const body = { refresh_token: refresh, device_id: this.deviceId }
    try {
      await this.take(await this.http.json('/v1/auth/refresh', { method: 'POST', body }))
    } catch (error) {
      if (error instanceof Trouble && error.kind === 'signin') await this.expire()
      throw error
    }
  }

  private async expire(): Promise<void> {
    this.kept = { ...this.kept, tokens: undefined }
    await this.keep()
  }

  private async take(answer: unknown): Promise<void> {
    const { access_token, refresh_token, expires_in, user } = tokenAnswer(answer)
    const tokens = { access: access_token, refresh: refresh_token, until: this.now() + expires_in * 1000 }
    this.kept = { device: this.kept.device, tokens, user }
    await this.keep()
  }

  private keep(): Promise<void> {
    return this.options.storage.set(KEY, JSON.stringify(this.kept))
  }
}

/** Reads JSON that may be missing or broken. */
export function parsed<T>(text: string | null | undefined): T | undefined {
  if (!text) return undefined
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}

function tokenAnswer(answer: unknown): TokenAnswer {
  const a = answer as TokenAnswer | null
  const whole = a && typeof a.access_token === 'string' && typeof a.refresh_token === 'string'
  if (!whole || typeof a.user?.id !== 'string') throw new Trouble('offline', 200, 'not_pursuit')
  return a
}

/** Refuses an answer that cannot be the server's: half of one is as good as none. */
function wholeAnswer(answer: SyncAnswer | null, request: SyncRequest): SyncAnswer {
  const results = answer?.results ?? []
  const asked = request.push ?? []
  const whole = answer !== null && typeof answer.seq === 'number' && typeof answer.epoch === 'string' &&
    results.length === asked.length && results.every((r, i) => r.id === asked[i]!.id) &&
    (!request.pull || (typeof answer.cursor === 'string' && typeof answer.complete === 'boolean'))
  if (!whole) throw new Trouble('offline', 200, 'not_pursuit')
  return answer
}
