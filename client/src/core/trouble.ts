/**
 * Everything that can go wrong with a request, sorted by what a device does about it.
 *
 * - `offline`: no answer, half an answer, or somebody else's answer (a captive portal): try again later
 * - `busy`: 429 or 503: try again not before `retryAfter`
 * - `server`: another 5xx: try again later
 * - `signin`: the session is over (401): wait for a sign-in; unsent edits stay
 * - `revoked`, `wipe`: the device was shut out, or is ordered to erase itself
 * - `forbidden`: 403 for this request alone
 * - `too_large`: 413: send less at once
 * - `bad_cursor`: start the stream again from nothing
 * - `invalid`: the server will never take this request
 * - `other_user`: somebody else's unsent edits or rows are on this device
 * - `aborted`: the caller gave up
 */
export type TroubleKind =
  | 'offline' | 'busy' | 'server' | 'signin' | 'revoked' | 'wipe' | 'forbidden'
  | 'too_large' | 'bad_cursor' | 'invalid' | 'other_user' | 'aborted'

/** An error whose text holds codes and numbers only, never a field value. */
export class Trouble extends Error {
  constructor(
    readonly kind: TroubleKind,
    readonly status = 0,
    readonly code = '',
    /** Milliseconds the server asked to wait, when it did. */
    readonly retryAfter?: number,
  ) {
    super(`pursuit: ${kind}${status ? ` ${status}` : ''}${code ? ` ${code}` : ''}`)
    this.name = 'Trouble'
  }

  /** Whether the same request may succeed later without anybody doing anything. */
  get passing(): boolean {
    return this.kind === 'offline' || this.kind === 'busy' || this.kind === 'server'
  }
}

/** Reads the kind of an error, `offline` for anything that is not a Trouble. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof Trouble) return error
  return new Trouble('offline')
}

const KIND_OF_CODE: Record<string, TroubleKind> = {
  device_revoked: 'revoked',
  device_wipe: 'wipe',
  bad_cursor: 'bad_cursor',
}

/**
 * Sorts an answer that is not a success. A status counts only when it comes in the server's own
 * shape: a hotel's login page may say 401, 403 or 200, and none of them means anything.
 */
export function troubleOfAnswer(status: number, problem: { code?: unknown } | null, retryAfter?: number): Trouble {
  const code = problem && typeof problem.code === 'string' ? problem.code : ''
  if (status === 429 || status === 503) return new Trouble('busy', status, code, retryAfter)
  if (status === 413) return new Trouble('too_large', status, code)
  if (status >= 500) return new Trouble('server', status, code, retryAfter)
  if (!code) return new Trouble('offline', status)
  const known = KIND_OF_CODE[code]
  if (known) return new Trouble(known, status, code)
  if (status === 401) return new Trouble('signin', status, code)
  if (status === 403) return new Trouble('forbidden', status, code)
  return new Trouble('invalid', status, code)
}
