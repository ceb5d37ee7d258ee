/** A row as a library's document that replicates by itself: what the tap needs of it. */
export interface TapDoc {
  id: string
  sync_v: number
  sync_b: string
  _deleted: boolean
}

/** A place in the stream as every collection stores it: always these keys, because RxDB merges checkpoints. */
export interface Point {
  cursor: string | null
  n: number
}

interface Chunk<D> extends Point {
  docs: Map<string, D>
}

/** A row that was pushed, until the server's own version of it has reached the collection. */
interface Watch<D> {
  v: number | undefined
  doc: D | undefined
}

/** The part of the one stream that one collection of a library with its own replication drinks from. */
export class Tap<D extends TapDoc> {
  private readonly chunks: Chunk<D>[] = []
  private readonly watched = new Map<string, Watch<D>>()
  /** Pages handed to RxDB and not yet seen in its stored checkpoint. */
  private handed: Point[] = []
  /** Buckets of rows handed over that may not be in the collection yet. */
  private readonly recent = new Map<string, string>()

  get buffered(): number {
    return this.chunks.length
  }

  /** Whether the server's version of a pushed row has yet to be handed to the collection. */
  get waits(): boolean {
    return this.watched.size > 0
  }

  /** Adds documents of a page; a later page may hold newer versions of the same ones. */
  add(point: Point, docs: D[]): void {
    if (docs.length === 0) return
    this.chunks.push({ ...point, docs: new Map(docs.map((d) => [d.id, d])) })
    for (const doc of docs) {
      const watch = this.watched.get(doc.id)
      if (watch && (doc._deleted || doc.sync_v >= (watch.doc?.sync_v ?? 0))) watch.doc = doc
      if (doc._deleted) this.recent.delete(doc.id)
      else this.recent.set(doc.id, doc.sync_b)
    }
  }

  /**
   * The next documents for the collection. While RxDB is pushing (`calm` false) it passes over
   * documents it is about to push, so what concerns pushed rows is kept and given once more when
   * it is calm: an accepted row that the server changed always arrives.
   */
  take(calm: boolean, head: Point): { documents: D[]; checkpoint: Point } | undefined {
    const chunk = this.chunks.shift()
    const docs = new Map(chunk?.docs)
    if (calm) this.echo(docs)
    if (docs.size === 0) return undefined
    const { cursor, n } = chunk ?? this.handed[this.handed.length - 1] ?? head
    if (chunk) this.handed.push({ cursor, n })
    return { documents: [...docs.values()], checkpoint: { cursor, n } }
  }

  private echo(docs: Map<string, D>): void {
    if (this.chunks.length > 0) return // newer versions may wait in there
    for (const [id, watch] of this.watched) {
      if (!arrived(watch)) continue
      docs.set(id, watch.doc!)
      this.watched.delete(id)
    }
  }

  /** Keeps the server's versions of these rows from now on; they are being pushed. */
  watch(ids: Iterable<string>): void {
    for (const id of ids) this.watched.set(id, { v: undefined, doc: this.watched.get(id)?.doc })
  }

  /** The server accepted the row as its version `v`; without one there is nothing to wait for. */
  accepted(id: string, v: number | undefined): void {
    const watch = this.watched.get(id)
    if (!watch) return
    if (v === undefined) this.watched.delete(id)
    else watch.v = v
  }

  /** Pushed rows whose version has passed in the stream without being seen: id and version. */
  missing(seq: number): [string, number][] {
    const out: [string, number][] = []
    for (const [id, w] of this.watched) if (w.v !== undefined && w.v <= seq && !arrived(w)) out.push([id, w.v])
    return out
  }

  unwatch(id: string): void {
    this.watched.delete(id)
  }

  /** Ids of rows on their way into the collection that belong to one of the buckets. */
  recentIn(buckets: ReadonlySet<string>): string[] {
    return [...this.recent].filter(([, b]) => buckets.has(b)).map(([id]) => id)
  }

  /** Learns how far the collection has stored, and answers the first page it has not, if any. */
  stored(point: Point | undefined): number | undefined {
    this.handed = this.handed.filter((h) => h.n > (point?.n ?? 0))
    if (this.handed.length === 0 && this.chunks.length === 0) this.recent.clear()
    return this.handed[0]?.n ?? this.chunks[0]?.n
  }
}

/** Whether the server's version of a pushed row, or a later one, has come down the stream. */
function arrived({ v, doc }: Watch<TapDoc>): boolean {
  return !!v && !!doc && (doc._deleted || doc.sync_v >= v)
}
