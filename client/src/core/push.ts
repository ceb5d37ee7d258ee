import type { Session } from './session.js'
import { Trouble } from './trouble.js'
import type { Mutation, Result, SyncAnswer } from './wire.js'

export const BATCH_COUNT = 500 // half the server's limit: an answer can carry as many rows
export const BATCH_BYTES = 1_500_000 // well under 4 MiB on the wire even when sent plain

/** A batch that was answered: the mutations and their results, in the same order. */
export interface Pushed {
  batch: Mutation[]
  results: Result[]
  answer: SyncAnswer
}

/**
 * Cuts mutations into batches, in order, never through a group (its members must arrive
 * together). A single mutation or group larger than a batch is a batch by itself.
 */
export function batches(mutations: readonly Mutation[], count = BATCH_COUNT, bytes = BATCH_BYTES): Mutation[][] {
  const out: Mutation[][] = []
  let size = 0
  for (const unit of units(mutations)) {
    const weight = unit.reduce((sum, m) => sum + JSON.stringify(m).length, 0)
    const last = out[out.length - 1]
    if (last && last.length + unit.length <= count && size + weight <= bytes) {
      last.push(...unit)
      size += weight
    } else {
      out.push([...unit])
      size = weight
    }
  }
  return out
}

function units(mutations: readonly Mutation[]): Mutation[][] {
  const out: Mutation[][] = []
  for (const m of mutations) {
    const last = out[out.length - 1]
    if (m.group !== undefined && last && last[0]!.group === m.group) last.push(m)
    else out.push([m])
  }
  return out
}

/**
 * Sends mutations and hands each answered batch to `done` before the next one goes. What the
 * server cannot take as a whole is cut in halves until the culprit stands alone; that one comes
 * back as `stuck` and the rest goes on. Throws at the first passing trouble; what `done` has
 * seen by then is settled, the rest is as unsent as before.
 */
export async function push(
  session: Session,
  mutations: readonly Mutation[],
  done: (pushed: Pushed) => Promise<void>,
  stuck: (mutations: Mutation[], trouble: Trouble) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const queue = batches(mutations)
  for (let batch = queue.shift(); batch; batch = queue.shift()) {
    try {
      const answer = await session.sync({ push: batch }, signal)
      await done({ batch, results: answer.results ?? [], answer })
    } catch (error) {
      if (!(error instanceof Trouble) || !cuttable(error)) throw error
      const parts = units(batch)
      if (parts.length === 1) await stuck(batch, error)
      else queue.unshift(...halves(parts))
    }
  }
}

function cuttable(trouble: Trouble): boolean {
  return trouble.kind === 'too_large' || (trouble.kind === 'invalid' && trouble.code !== 'unsupported_protocol')
}

function halves(parts: Mutation[][]): Mutation[][] {
  const middle = Math.ceil(parts.length / 2)
  return [parts.slice(0, middle).flat(), parts.slice(middle).flat()]
}
