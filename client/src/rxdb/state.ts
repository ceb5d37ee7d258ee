import type { RxCollection, RxDatabase } from 'rxdb'
import type { Durable } from '@pursuit/client'

interface StateDoc {
  key: string
  value: string
}

const NAME = 'pursuit_state'
const schema = {
  title: NAME, version: 0, primaryKey: 'key', type: 'object', required: ['key', 'value'],
  properties: { key: { type: 'string', maxLength: 100 }, value: { type: 'string' } },
} as const

/**
 * The adapter's own memory, in a collection of the app's database: it is lost exactly when the
 * rows are, never before and never after.
 */
export async function stateIn(database: RxDatabase): Promise<Durable> {
  const made = database.collections[NAME] ?? (await database.addCollections({ [NAME]: { schema } }))[NAME]
  const collection = made as unknown as RxCollection<StateDoc>
  return {
    async get(key) {
      return (await collection.findOne(key).exec())?.value ?? null
    },
    async set(key, value) {
      if (value === null) await collection.findOne(key).remove()
      else await collection.upsert({ key, value })
    },
  }
}
