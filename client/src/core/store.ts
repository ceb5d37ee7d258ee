import type { Outcome } from './outcome.js'
import type { Durable } from './session.js'
import type { Mutation, Row } from './wire.js'

export interface Placed {
  table: string
  row: Row
}

/** One atomic change of a store. The parts are applied in the order they stand here. */
export interface Commit {
  /** Buckets whose rows go, except those `put` below. */
  drop?: string[]
  /** Rows that go if the local `_v` is not newer. */
  remove?: { table: string; id: string; v: number }[]
  put?: Placed[]
  /** Appended to the outbox, in order. */
  enqueue?: Mutation[]
  /** Ids of mutations that leave the outbox. */
  dequeue?: string[]
  /** Mutations the server has answered, kept so that a restored server can be healed. */
  acked?: { mutation: Mutation; at: number }[]
  /** Forgets acknowledgements before this time, in milliseconds. */
  forgetAckedBefore?: number
  outcomes?: Outcome[]
  /** Ids of outcomes that are done with. */
  dismiss?: string[]
  keys?: Record<string, string | null>
}

/**
 * Where a device without RxDB or WatermelonDB keeps its rows and its unsent edits.
 *
 * Guarantees asked of an implementation: `commit` is atomic and durable when it resolves, the
 * outbox keeps its order over restarts, and reads see every commit that has resolved.
 */
export interface Store extends Durable {
  row(table: string, id: string): Promise<Row | undefined>
  rows(table: string): Promise<Row[]>
  /** Every row there is, in any order. */
  each(visit: (table: string, row: Row) => void): Promise<void>
  /** The oldest unsent edits, at most `limit`. */
  outbox(limit?: number): Promise<Mutation[]>
  acked(): Promise<Mutation[]>
  outcomes(): Promise<Outcome[]>
  commit(change: Commit): Promise<void>
  /** Erases everything, the unsent included. */
  clear(): Promise<void>
}
