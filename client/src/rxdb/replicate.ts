import type { RxCollection } from 'rxdb'
import { replicateRxCollection } from 'rxdb/plugins/replication'
import { Subject } from 'rxjs'
import { Link, Runner, Tap, onOnline, tableOf, type Outcome, type Point, type Schema, type Session } from '@pursuit/client'
import { Down } from './down.js'
import type { Line, Replication } from './line.js'
import { Codec, type PursuitDoc } from './schema.js'
import { stateBeside } from './state.js'
import { Up, type PushRow } from './up.js'

export interface ReplicateOptions {
  session: Session
  /** What `session.schema()` answered; fetched when left out. */
  schema?: Schema
  /** Rows a page; the server's default unless given. */
  limit?: number
  /** Documents a push request, of one collection. */
  batchSize?: number
  /** Listen for tickles; true unless told otherwise. */
  live?: boolean
  waitForLeadership?: boolean
  /** Milliseconds between two comparisons of digests; a day unless given. */
  verifyEvery?: number
  /** Erases the device's rows when the server orders it; removes the database unless given. */
  onWipe?: () => Promise<void>
}

const PUSH_BATCH = 200 // documents a request: a poor line loses little, and few requests are made

/**
 * Keeps collections made by `rxCollections` in step with a Pursuit server, over RxDB's own
 * replication: one stream of pages, fanned out to all of them.
 *
 * RxDB keeps each edit until its push has resolved; it resolves when the server has answered, and
 * never rejects for a mutation's own fault, which would block the collection behind it. What the
 * server would not take comes back as a conflict that it wins, and as an outcome.
 */
export class PursuitReplication {
  /** RxDB's own replication states, by table. */
  readonly replications: Record<string, Replication> = {}
  private readonly lines = new Map<string, Line>()
  private readonly control = new AbortController()
  private readonly runner: Runner
  private readonly down: Down
  private ended: Promise<void> | undefined
  private readonly up: Up

  constructor(
    private readonly link: Link, schema: Schema, collections: Record<string, RxCollection<PursuitDoc>>, private readonly options: ReplicateOptions,
  ) {
    const { signal } = this.control
    this.runner = new Runner({
      session: options.session, once: (s) => this.once(s), seq: () => link.place.seq, erase: () => this.erase(), live: options.live ?? true,
    })
    this.down = new Down(link, this.lines, signal, options.limit, () => this.runner.start())
    this.up = new Up(link, this.lines, signal, (line, ids, s) => this.down.fetchRows(line, ids, s), () => this.runner.kick())
    for (const [table, collection] of Object.entries(collections)) this.attach(table, collection, schema)
    signal.addEventListener('abort', onOnline(() => this.resync()))
  }

  private attach(table: string, collection: RxCollection<PursuitDoc>, schema: Schema): void {
    const stream = new Subject<'RESYNC'>()
    const line = { table, collection, stream, codec: new Codec(table, tableOf(schema, table)), tap: new Tap() } as unknown as Line
    line.replication = replicateRxCollection<PursuitDoc, Point>({
      replicationIdentifier: `pursuit-${this.options.session.user?.id}`,
      collection,
      waitForLeadership: this.options.waitForLeadership as boolean, // undefined is RxDB's own default
      // one document is a full page: RxDB asks again until there is nothing left
      pull: { handler: (checkpoint) => this.down.pull(line, checkpoint), batchSize: 1, stream$: stream.asObservable() },
      push: { handler: (rows) => this.push(line, rows as PushRow[]) as never, batchSize: this.options.batchSize ?? PUSH_BATCH },
    })
    line.replication.onCancel.push(() => void this.cancel())
    this.replications[table] = line.replication
    this.lines.set(table, line)
  }

  private async push(line: Line, rows: PushRow[]) {
    const back = await this.up.push(line, rows)
    this.down.asked++
    line.stream.next('RESYNC') // RxDB holds it back until the push is written down
    this.runner.kick()
    return back
  }

  /** Resolves once everything here is sent and everything there is stored. */
  async awaitInSync(): Promise<void> {
    const each = () => Promise.all(Object.values(this.replications).map((r) => r.awaitInSync()))
    await each()
    await this.down.toEnd()
    await each()
  }

  /** Asks for a sync now, in both directions; done by itself when the network returns. */
  resync(): void {
    this.down.asked++
    this.runner.kick()
    for (const { stream } of this.lines.values()) stream.next('RESYNC')
  }

  /** What the server said about edits that a person may want to know. */
  outcomes(): Outcome[] {
    return this.link.outcomes()
  }

  dismiss(...ids: string[]): Promise<void> {
    return this.link.dismiss(...ids)
  }

  /** Compares digests with the server and fetches whole what differs; answers those buckets. */
  verify(): Promise<string[]> {
    return this.down.verify(this.control.signal)
  }

  /** Ends all replications; edits made from then on are sent by the next one, made after this. */
  cancel(): Promise<void> {
    return (this.ended ??= this.end())
  }

  private async end(): Promise<void> {
    await this.cancelAll() // first, or RxDB takes a push that is given up for one that was answered
    this.control.abort()
    await this.runner.stop()
    await this.link.close()
  }

  private cancelAll(): Promise<unknown> {
    return Promise.all(Object.values(this.replications).map((r) => r.cancel()))
  }

  private async erase(): Promise<void> {
    const collections = [...this.lines.values()].map((l) => l.collection)
    this.ended = this.cancelAll().then(() => this.control.abort()) // not the runner, which has a receipt to send
    await this.ended
    if (this.options.onWipe) return this.options.onWipe()
    const { database } = collections[0]!
    for (const collection of collections) await collection.remove() // they share our state: one at a time
    await database.remove()
  }

  /** One whole sync of the stream: what a crash left, pages, echoes, and now and then digests. */
  private async once(signal: AbortSignal): Promise<void> {
    if (!this.down.started) return
    await this.up.resume()
    await this.down.backfill(signal)
    await this.down.pages(signal)
    if (await this.link.reconcile(signal)) await this.down.pages(signal)
    await this.down.fetchMissing(signal)
    await this.down.save()
    if (this.link.due(this.options.verifyEvery)) await this.down.verify(signal)
  }
}

/**
 * Starts the replication of one or more collections made by `rxCollections`, named as the server's tables.
 * Resolves when it runs; `awaitInSync` tells when everything is there.
 */
export async function replicatePursuit(collections: Record<string, RxCollection<any>>, options: ReplicateOptions): Promise<PursuitReplication> {
  const link = new Link(options.session, await stateBeside(Object.values(collections)))
  await link.load()
  const schema = options.schema ?? (await options.session.schema())
  return new PursuitReplication(link, schema, collections, options)
}
