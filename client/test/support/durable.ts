import type { Durable } from '@pursuit/client'

/** A few texts in memory, as a phone's keychain would keep them. */
export class MemoryKeys implements Durable {
  readonly map = new Map<string, string>()

  async get(key: string): Promise<string | null> {
    return this.map.get(key) ?? null
  }

  async set(key: string, value: string | null): Promise<void> {
    if (value === null) this.map.delete(key)
    else this.map.set(key, value)
  }
}
