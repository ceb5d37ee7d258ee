import { Dexie, type Table } from 'dexie'
import { MAX_OUTCOMES, type Commit, type Mutation, type Outcome, type Row, type Store } from '@pursuit/client'

interface StoredRow {
  table: string
  id: string
  bucket: string
  row: Row
}

interface Unsent {
  n?: number
  id: string
  mutation: Mutation
}

interface Acked {
  id: string
  at: number
  mutation: Mutation
}

interface Told {
  n?: number
  id: string
  outcome: Outcome
}

/**
 * A store in the browser's IndexedDB. Every commit is one transaction over all tables, so a tab
 * closed in the middle leaves either all of it or nothing.
 */
export class DexieStore implements Store {
  private readonly db: Dexie
  private readonly data: Table<StoredRow, [string, string]>
  private readonly queue: Table<Unsent, number>
  private readonly done: Table<Acked, string>
  private readonly told: Table<Told, number>
  private readonly keys: Table<{ key: string; value: string }, string>

  constructor(name = 'pursuit') {
    this.db = new Dexie(name)
    this.db.version(1).stores({
      rows: '[table+id], bucket, table', outbox: '++n, &id', acked: 'id, at', outcomes: '++n, &id', keys: 'key',
    })
    this.data = this.db.table('rows')
    this.queue = this.db.table('outbox')
    this.done = this.db.table('acked')
    this.told = this.db.table('outcomes')
    this.keys = this.db.table('keys')
  }

  async get(key: string): Promise<string | null> {
    return (await this.keys.get(key))?.value ?? null
  }

  async set(key: string, value: string | null): Promise<void> {
    await this.commit({ keys: { [key]: value } })
  }

  async row(table: string, id: string): Promise<Row | undefined> {
    return (await this.data.get([table, id]))?.row
  }

  async rows(table: string): Promise<Row[]> {
    return (await this.data.where('table').equals(table).toArray()).map((r) => r.row)
  }

  async each(visit: (table: string, row: Row) => void): Promise<void> {
    await this.data.each((r) => visit(r.table, r.row))
  }

  async outbox(limit = Infinity): Promise<Mutation[]> {
    const all = this.queue.orderBy('n')
    return (await (limit === Infinity ? all : all.limit(limit)).toArray()).map((u) => u.mutation)
  }

  async acked(): Promise<Mutation[]> {
    return (await this.done.orderBy('at').toArray()).map((a) => a.mutation)
  }

  async outcomes(): Promise<Outcome[]> {
    return (await this.told.orderBy('n').toArray()).map((t) => t.outcome)
  }

  async commit(change: Commit): Promise<void> {
    await this.db.transaction('rw', this.db.tables, async () => {
      await this.commitRows(change)
      await this.commitOutbox(change)
      await this.commitOutcomes(change)
      for (const [key, value] of Object.entries(change.keys ?? {})) {
        if (value === null) await this.keys.delete(key)
        else await this.keys.put({ key, value })
      }
    })
  }

  private async commitRows({ drop, remove, put }: Commit): Promise<void> {
    if (drop?.length) await this.data.where('bucket').anyOf(drop).delete()
    if (remove?.length) {
      const there = await this.data.bulkGet(remove.map((r) => [r.table, r.id]))
      const gone = remove.filter((r, i) => (there[i]?.row._v ?? Infinity) <= r.v)
      await this.data.bulkDelete(gone.map((r) => [r.table, r.id]))
    }
    if (put?.length) await this.data.bulkPut(put.map(({ table, row }) => ({ table, id: row.id, bucket: row._b, row })))
  }

  private async commitOutbox({ enqueue, dequeue, acked, forgetAckedBefore }: Commit): Promise<void> {
    if (enqueue?.length) await this.queue.bulkAdd(enqueue.map((mutation) => ({ id: mutation.id, mutation })))
    if (dequeue?.length) await this.queue.where('id').anyOf(dequeue).delete()
    if (acked?.length) await this.done.bulkPut(acked.map((a) => ({ id: a.mutation.id, ...a })))
    if (forgetAckedBefore) await this.done.where('at').below(forgetAckedBefore).delete()
  }

  private async commitOutcomes({ outcomes, dismiss }: Commit): Promise<void> {
    const gone = [...(dismiss ?? []), ...(outcomes ?? []).map((o) => o.id)]
    if (gone.length > 0) await this.told.where('id').anyOf(gone).delete()
    if (!outcomes?.length) return
    await this.told.bulkAdd(outcomes.map((outcome) => ({ id: outcome.id, outcome })))
    const over = (await this.told.count()) - MAX_OUTCOMES
    if (over > 0) await this.told.orderBy('n').limit(over).delete()
  }

  async clear(): Promise<void> {
    await this.db.transaction('rw', this.db.tables, () => Promise.all(this.db.tables.map((t) => t.clear())))
  }

  close(): void {
    this.db.close()
  }
}
