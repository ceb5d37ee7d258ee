import type { Mutation, Result, Row } from './wire.js'

/**
 * What an app can tell a person about one edit.
 *
 * - `unsent`: still on this device
 * - `waiting`: the server keeps it until the row it belongs to arrives
 * - `conflict`: stored, and a value that lost is kept for a case manager
 * - `quarantined`: kept for a supervisor; `released` and `dismissed` are what they decided
 * - `rejected`: never valid; `code`, `field` and `message` say why
 * - `stuck`: this app and the server cannot agree on its shape; it stays on this device
 */
export type OutcomeStatus =
  | 'unsent' | 'waiting' | 'conflict' | 'quarantined' | 'released' | 'dismissed' | 'rejected' | 'stuck'

export interface Outcome {
  id: string
  table: string
  row: string
  op: string
  at: string
  set?: Record<string, unknown>
  status: OutcomeStatus
  code?: string
  field?: string
  message?: string
  conflicts?: string[]
}

/** The most outcomes a device keeps; beyond it the oldest go. Someone reads these by hand. */
export const MAX_OUTCOMES = 500

/** Whether the server has the edit in its rows, or will; one it keeps aside is not. */
export function taken(result: Result | undefined): boolean {
  return result !== undefined && result.status !== 'rejected' && result.status !== 'quarantined'
}

/** Turns a result into what is worth telling, or nothing when all went as meant. */
export function outcomeOf(mutation: Mutation, result: Result): Outcome | undefined {
  if (mutation.op === 'delete' && result.code === 'row_gone') return undefined // gone is what was wanted
  const status = statusOf(result)
  if (!status) return undefined
  return { ...outcomeFor(mutation, status), ...reasonOf(result) }
}

/** An outcome with the mutation's own particulars. */
export function outcomeFor(m: Mutation, status: OutcomeStatus): Outcome {
  return { id: m.id, table: m.table, row: m.row, op: m.op, at: m.at, ...(m.set && { set: m.set }), status }
}

function statusOf(result: Result): OutcomeStatus | undefined {
  switch (result.status) {
    case 'rejected': return 'rejected'
    case 'quarantined': return 'quarantined'
    case 'deferred': return 'waiting'
    default: return result.conflicts?.length ? 'conflict' : undefined
  }
}

function reasonOf(result: Result): Partial<Outcome> {
  const reason: Partial<Outcome> = {}
  if (result.code) reason.code = result.code
  if (result.field) reason.field = result.field
  if (result.message) reason.message = result.message
  if (result.conflicts?.length) reason.conflicts = result.conflicts
  return reason
}

/** Reads a row of table `quarantine` as news of the mutation it keeps. */
export function quarantineNews(row: Row): { mutation: string; status: OutcomeStatus } | undefined {
  if (typeof row.mutation_id !== 'string') return undefined
  const status = row.state === 'open' ? 'quarantined' : row.state
  if (status !== 'quarantined' && status !== 'released' && status !== 'dismissed') return undefined
  return { mutation: row.mutation_id, status }
}
