import { MAX_OUTCOMES, type Commit, type Mutation, type Outcome, type Row, type Store } from '@pursuit/client'

/** A store that lives as long as its process: for tests, servers and quick trials. */
export class MemoryStore implements Store {
  private readonly tables = new Map<string, Map<string, Row>>()
  private readonly queue = new Map<string, Mutation>()
  private readonly done = new Map<string, { mutation: Mutation; at: number }>()
  private readonly told = new Map<string, Outcome>()
  private readonly keys = new Map<string, string>()

  async get(key: string): Promise<string | null> {
    return this.keys.get(key) ?? null
  }

  async set(key: string, value: string | null): Promise<void> {
    await this.commit({ keys: { [key]: value } })
  }

  async row(table: string, id: string): Promise<Row | undefined> {
    return this.tables.get(table)?.get(id)
  }

  async rows(table: string): Promise<Row[]> {
    return [...(this.tables.get(table)?.values() ?? [])]
  }

  async each(visit: (table: string, row: Row) => void): Promise<void> {
    for (const [table, rows] of this.tables) for (const row of rows.values()) visit(table, row)
  }

  async outbox(limit = Infinity): Promise<Mutation[]> {
    return [...this.queue.values()].slice(0, limit)
  }

  async acked(): Promise<Mutation[]> {
    return [...this.done.values()].sort((a, b) => a.at - b.at).map((a) => a.mutation)
  }

  async outcomes(): Promise<Outcome[]> {
    return [...this.told.values()]
  }

  async commit(change: Commit): Promise<void> {
    this.commitRows(change)
    for (const m of change.enqueue ?? []) this.queue.set(m.id, m)
    for (const id of change.dequeue ?? []) this.queue.delete(id)
    for (const a of change.acked ?? []) this.done.set(a.mutation.id, a)
    for (const [id, a] of this.done) if (a.at < (change.forgetAckedBefore ?? 0)) this.done.delete(id)
    this.commitOutcomes(change)
    for (const [key, value] of Object.entries(change.keys ?? {})) {
      if (value === null) this.keys.delete(key)
      else this.keys.set(key, value)
    }
  }

  private commitRows(change: Commit): void {
    const dropped = new Set(change.drop)
    if (dropped.size > 0) {
      for (const rows of this.tables.values()) {
        for (const row of rows.values()) if (dropped.has(row._b)) rows.delete(row.id)
      }
    }
    for (const { table, id, v } of change.remove ?? []) {
      const rows = this.tables.get(table)
      if ((rows?.get(id)?._v ?? Infinity) <= v) rows?.delete(id)
    }
    for (const { table, row } of change.put ?? []) {
      let rows = this.tables.get(table)
      if (!rows) this.tables.set(table, (rows = new Map()))
      rows.set(row.id, row)
    }
  }

  private commitOutcomes(change: Commit): void {
    for (const o of change.outcomes ?? []) this.told.set(o.id, o)
    for (const id of change.dismiss ?? []) this.told.delete(id)
    for (const id of this.told.keys()) {
      if (this.told.size <= MAX_OUTCOMES) break
      this.told.delete(id)
    }
  }

  async clear(): Promise<void> {
    for (const map of [this.tables, this.queue, this.done, this.told, this.keys]) map.clear()
  }
}
