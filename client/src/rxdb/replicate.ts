import type { RxCollection } from 'rxdb'
import { replicateRxCollection } from 'rxdb/plugins/replication'
import { Subject } from 'rxjs'
import { Link, Lives, Runner, Tap, onOnline, tableOf, type Outcome, type Point, type Schema, type Session } from '@pursuit/client'
import { Down } from './down.js'
import { failed, type Line, type Replication } from './line.js'
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
  private lines!: Map<string, Line>
  private down!: Down
  private up!: Up
  private ended: Promise<void> | undefined
  private readonly lives: Lives

  constructor(
    private readonly link: Link, private readonly schema: Schema, private readonly collections: Record<string, RxCollection<PursuitDoc>>,
    private readonly options: ReplicateOptions,
  ) {
    this.lives = new Lives(link, (signal) => this.begin(signal), () => this.cancelAll())
  }

  private begin(signal: AbortSignal): Runner {
    const { link, options } = this
    this.lines = new Map()
    const runner = new Runner({
      session: options.session, once: (s) => this.once(s), seq: () => link.place.seq, erase: () => this.erase(), live: options.live ?? true,
    })
    this.down = new Down(link, this.lines, signal, options.limit, () => runner.start())
    this.up = new Up(link, this.lines, signal, (line, ids, s) => this.down.fetchRows(line, ids, s), () => runner.kick())
    for (const [table, collection] of Object.entries(this.collections)) this.attach(table, collection)
    signal.addEventListener('abort', onOnline(() => this.resync()))
    return runner
  }

  private attach(table: string, collection: RxCollection<PursuitDoc>): void {
    const stream = new Subject<'RESYNC'>()
    const line = { table, collection, stream, codec: new Codec(table, tableOf(this.schema, table)), tap: new Tap() } as unknown as Line
    line.replication = replicateRxCollection<PursuitDoc, Point>({
      replicationIdentifier: `pursuit-${this.options.session.user?.id}`,
      collection,
      waitForLeadership: this.options.waitForLeadership as boolean, // undefined is RxDB's own default
      // one document is a full page: RxDB asks again until there is nothing left
      pull: { handler: (checkpoint) => this.down.pull(line, checkpoint), batchSize: 1, stream$: stream.asObservable() },
      push: { handler: (rows) => this.push(line, rows as PushRow[]) as never, batchSize: this.options.batchSize ?? PUSH_BATCH },
    })
    line.replication.onCancel.push(() => void (this.lives.between || this.cancel()))
    void line.replication.startPromise.then(() => failed(line, () => this.lives.failed()))
    this.replications[table] = line.replication
    this.lines.set(table, line)
  }

  private async push(line: Line, rows: PushRow[]) {
    const back = await this.up.push(line, rows)
    this.down.asked++
    line.stream.next('RESYNC') // RxDB holds it back until the push is written down
    this.lives.runner.kick()
    return back
  }

  /** Resolves once everything here is sent and everything there is stored. */
  awaitInSync(): Promise<void> {
    const each = () => Promise.all([...this.lines.values()].map((l) => l.replication.awaitInSync()))
    return this.lives.through(async () => {
      await each()
      await this.down.toEnd()
      await each()
    })
  }

  /** Asks for a sync now, in both directions; done by itself when the network returns. */
  resync(): void {
    this.down.asked++
    this.lives.runner.kick()
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
  async verify(): Promise<string[]> {
    return (await this.lives.through(() => this.down.verify(this.lives.control.signal))) ?? []
  }

  /** Ends all replications; edits made from then on are sent by the next one, made after this. */
  cancel(): Promise<void> {
    return (this.ended ??= this.end())
  }

  private async end(): Promise<void> {
    await this.lives.finish()
    await this.lives.runner.stop()
    await this.link.close()
  }

  private cancelAll(): Promise<unknown> {
    return Promise.allSettled([...this.lines.values()].map((l) => l.replication.cancel()))
  }

  private async erase(): Promise<void> {
    const collections = [...this.lines.values()].map((l) => l.collection)
    this.ended = this.lives.finish() // not the runner, which has a receipt to send
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
    this.lives.well()
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
