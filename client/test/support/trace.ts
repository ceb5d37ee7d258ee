// What went over the lines of several devices, in order and in short: enough to read how a random
// life came to a bad end.
import { gunzipSync } from 'node:zlib'
import type { Fetch, Mutation, Result, SyncAnswer } from '@pursuit/client'

const MOST = 20_000 // lines kept; a life has some hundreds

const short = (id: string) => id.slice(-6)

/** The lines of one life. */
export class Trace {
  private readonly lines: string[] = []

  note(text: string): void {
    if (this.lines.length < MOST) this.lines.push(text)
  }

  /** A fetch that writes down what it carries; put it next to the server, behind what goes wrong. */
  around(device: string, inner: Fetch): Fetch {
    return async (url, init) => {
      if (new URL(url).pathname !== '/v1/sync') return inner(url, init)
      const { push = [], pull } = JSON.parse(text(init)) as { push?: Mutation[]; pull?: { buckets?: string[] } }
      const response = await inner(url, init)
      const answer = response.ok ? ((await response.clone().json()) as SyncAnswer) : undefined
      push.forEach((m, i) => this.note(`${device} sent ${sentence(m)} -> ${answer ? became(answer.results![i]!) : response.status}`))
      if (pull && answer) this.page(device, answer, pull.buckets !== undefined)
      return response
    }
  }

  private page(device: string, answer: SyncAnswer, side: boolean): void {
    const parts = (answer.drop ?? []).map((b) => `drop ${short(b)}`)
    for (const [table, change] of Object.entries(answer.changes ?? {})) {
      for (const r of change.remove ?? []) parts.push(`${table}/${short(r.id)} gone ${r._v}`)
      for (const r of change.upsert ?? []) parts.push(`${table}/${short(r.id)} is ${r._v}`)
    }
    if (parts.length > 0) this.note(`${device} ${side ? 'fetched' : 'got'} to ${answer.seq}: ${parts.join(', ')}`)
  }

  /** What concerns the row, with everything that is nobody's in particular. */
  about(row: string): string {
    return this.lines.filter((l) => l.includes(short(row)) || l.startsWith('*')).join('\n')
  }
}

function text(init: RequestInit): string {
  if (typeof init.body === 'string') return init.body
  return gunzipSync(Buffer.from(init.body as ArrayBuffer)).toString()
}

function sentence(m: Mutation): string {
  return `${short(m.id)} ${m.op} ${m.table}/${short(m.row)} on ${m.base} ${JSON.stringify(m.set ?? null)}`
}

function became(r: Result): string {
  return [r.duplicate ? 'again' : '', r.status, r.v ?? '', r.code ?? '', r.row ? `row ${r.row._v}` : ''].filter((x) => x !== '').join(' ')
}
