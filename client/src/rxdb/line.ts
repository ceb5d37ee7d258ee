import { getChangedDocumentsSince, getLastCheckpointDoc, type RxCollection, type RxError, type RxStorageInstance } from 'rxdb'
import type { RxReplicationState } from 'rxdb/plugins/replication'
import type { Subject } from 'rxjs'
import type { Point, Tap } from '@pursuit/client'
import type { Codec, PursuitDoc, WithDeleted } from './schema.js'

export type Replication = RxReplicationState<PursuitDoc, Point>

/** One collection and what runs between it and the server. */
export interface Line {
  table: string
  codec: Codec
  collection: RxCollection<PursuitDoc>
  replication: Replication
  stream: Subject<'RESYNC'>
  tap: Tap<WithDeleted>
}

const SCAN = 1_000 // documents read at once when digests are compared

/** Stored documents by id, deleted ones included, with RxDB's own fields. */
export function storedDocs(line: Line, ids: string[]) {
  return (line.collection.storageInstance as RxStorageInstance<PursuitDoc, any, any>).findDocumentsById(ids, true)
}

/** Whether RxDB has nothing to push just now, so that what is handed to it is written. */
export function calm(line: Line): boolean {
  return line.replication.internalReplicationState?.events.active.up.getValue() === false
}

/** The checkpoint a collection has stored, read in turn with RxDB's own writes of it. */
export async function storedPoint({ replication }: Line): Promise<Point | undefined> {
  const state = replication.internalReplicationState
  if (!state || replication.isStopped()) return undefined
  const read = state.checkpointQueue.then(() => getLastCheckpointDoc<PursuitDoc, Point>(state, 'down'))
  state.checkpointQueue = read
  return read
}

/** Calls back when the storage would not take something, before RxDB goes on behind it. */
export function failed({ replication }: Line, call: () => void): void {
  const events = replication.internalReplicationState?.events
  events?.error.subscribe((error: unknown) => {
    if ((error as RxError).parameters?.writeError?.status === 409) return // somebody wrote meanwhile: not lost
    events.canceled.next(true) // or the next page's checkpoint says that this one is stored
    call()
  })
}

/** Every document of a collection that came from the server. */
export async function* serverDocs(line: Line): AsyncGenerator<WithDeleted> {
  let checkpoint: unknown
  for (;;) {
    const { documents, checkpoint: next } = await getChangedDocumentsSince(line.collection.storageInstance, SCAN, checkpoint as never)
    for (const d of documents as unknown as WithDeleted[]) if (!d._deleted && d.sync_v > 0) yield d
    if (documents.length < SCAN) return
    checkpoint = next
  }
}
