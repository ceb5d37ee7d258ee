import type { Outcome } from './outcome.js'

/** Where a device stands; an app shows it as one line. */
export type State = 'idle' | 'syncing' | 'offline' | 'signin' | 'revoked' | 'wiped' | 'stuck'

export type PursuitEvent =
  /** Rows received of a first or long sync; `total` is null when nobody knows it. */
  | { kind: 'progress'; done: number; total: number | null }
  | { kind: 'state'; state: State; code?: string }
  /** Something came of an edit that a person may want to know. */
  | { kind: 'outcome'; outcome: Outcome }
  /** Rows of these tables were written from the server. */
  | { kind: 'changed'; tables: string[] }
  /** The server needs a newer app; everything unsent was still taken. */
  | { kind: 'upgrade'; minSchema: number }
  /** Digests were compared; `repaired` buckets were fetched whole. */
  | { kind: 'verified'; repaired: string[] }

export type Listener = (event: PursuitEvent) => void

/** A list of listeners. A listener that throws harms neither the others nor the sync. */
export class Events {
  private readonly listeners = new Set<Listener>()

  on(listener: Listener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  emit(event: PursuitEvent): void {
    for (const listener of this.listeners) {
      try {
        listener(event)
      } catch {
        // the app's own fault, and no reason to stop syncing
      }
    }
  }
}
