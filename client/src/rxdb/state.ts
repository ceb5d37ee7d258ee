import {
  createRevision, fillWithDefaultSettings,
  type RxCollection, type RxDocumentData, type RxJsonSchema,
} from 'rxdb'
import type { Durable } from '@pursuit/client'

interface StateDoc {
  key: string
  value: string
}

/**
 * The adapter's own memory, in a storage beside the collections, removed together with any of
 * them: what was lost is fetched again. It carries the database's token, so that one of the same
 * name made later does not find it. It is not a collection, of which free RxDB allows few, nor one
 * of RxDB's connected storages, with which RxDB refuses to migrate a collection.
 */
export async function stateBeside(collections: RxCollection<any>[]): Promise<Durable> {
  const { database } = collections[0]!
  const name = `pursuit-${await database.storageToken}`
  const schema = fillWithDefaultSettings({
    version: 0, primaryKey: 'key', type: 'object', required: ['key', 'value'],
    properties: { key: { type: 'string', maxLength: 100 }, value: { type: 'string' } },
  } as RxJsonSchema<StateDoc>) as RxJsonSchema<RxDocumentData<StateDoc>>
  const instance = await database.storage.createStorageInstance<StateDoc>({
    databaseInstanceToken: database.token, databaseName: database.name, collectionName: name, schema, options: {},
    multiInstance: database.multiInstance, devMode: false, ...(database.password && { password: database.password }),
  })
  let gone: Promise<void> | undefined
  for (const collection of collections) collection.onRemove.push(() => (gone ??= instance.remove()))
  database.onClose.push(() => instance.close())
  const read = async (key: string) => (await instance.findDocumentsById([key], true))[0]
  return {
    async get(key) {
      const doc = await read(key)
      return doc && !doc._deleted ? doc.value : null
    },
    async set(key, value) {
      const previous = await read(key)
      const document = {
        key, value: value ?? '', _deleted: value === null, _attachments: {}, _meta: { lwt: Date.now() },
        _rev: createRevision(database.token, previous),
      } as RxDocumentData<StateDoc>
      const { error } = await instance.bulkWrite([previous ? { previous, document } : { document }], name)
      if (error[0] && error[0].status !== 409) throw new Error('pursuit: not stored')
    },
  }
}
