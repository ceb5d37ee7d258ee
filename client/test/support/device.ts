import { Session, type Durable, type Outcome, type Schema } from '@pursuit/client'
import { MemoryKeys } from './durable.js'
import { Net } from './net.js'

export type Fields = Record<string, unknown>

/** A row as a test compares it: wire names, `_v` and `_b` beside the fields. */
export interface Seen {
  v: number
  b: string
  fields: Fields
}

/** What each library's device can do; a test is written once for all of them. */
export interface Device {
  readonly session: Session
  readonly net: Net
  insert(table: string, set: Fields, id?: string): Promise<string>
  patch(table: string, id: string, set: Fields): Promise<void>
  remove(table: string, id: string): Promise<void>
  /** The row with the device's own edits, or nothing. */
  get(table: string, id: string): Promise<Fields | undefined>
  /** Every row, as the server last said it. */
  all(): Promise<Map<string, Seen>>
  /** Until everything is sent and fetched. Rejects, or gives up, when there is no line. */
  sync(): Promise<void>
  outcomes(): Promise<Outcome[]>
  verify(): Promise<string[]>
  /** The app is killed and opened again over the same database, upgraded to a schema if one is named. */
  restart(appSchema?: number): Promise<void>
  /** The app is ended, and a newer one, made for that schema and those tables, is opened over the same database. */
  upgrade(schema: Schema, tables: string[]): Promise<void>
  /** From now on it syncs by itself, on tickles and after edits. */
  live(): Promise<void>
  close(): Promise<void>
}

export interface Account {
  email: string
  password: string
}

export interface DeviceOptions {
  url: string
  account: Account
  schema: Schema
  tables: string[]
  net?: Net
  limit?: number
  batchSize?: number
  live?: boolean
  /** The schema number that the app says it knows. */
  appSchema?: number
}

export type DeviceMaker = (options: DeviceOptions) => Promise<Device>

export interface Opened {
  session: Session
  net: Net
  storage: Durable
}

/** Opens a session with its own storage and line, and signs in. */
export async function signedIn(options: DeviceOptions, storage: Durable = new MemoryKeys(), net = options.net ?? new Net()): Promise<Opened> {
  const session = await Session.open({ url: options.url, storage, fetch: net.fetch, pause: () => 25, device: { name: 'test', platform: 'node', app_version: '1' },
    ...(options.appSchema !== undefined && { schema: options.appSchema }) })
  if (!session.signedIn) await session.signIn(options.account.email, options.account.password)
  return { session, net, storage }
}

/** Rejects when the work takes longer than it may. */
export function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout>
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
