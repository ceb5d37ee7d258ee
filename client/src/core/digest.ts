import type { Digests } from './wire.js'

let table: Uint32Array | undefined

function crcTable(): Uint32Array {
  if (table) return table
  table = new Uint32Array(256)
  for (let n = 0; n < 256; n++) {
    let c = n
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
    table[n] = c >>> 0
  }
  return table
}

/** CRC-32 (IEEE) of ASCII text. */
export function crc32(text: string): number {
  const t = crcTable()
  let crc = 0xffffffff
  for (let i = 0; i < text.length; i++) crc = t[(crc ^ text.charCodeAt(i)) & 0xff]! ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}

/** Sums a device's rows the way the server does (docs/protocol.md, section 8). */
export class DigestSum {
  readonly buckets: Digests = {}

  add(table: string, id: string, v: number, bucket: string): void {
    const tables = (this.buckets[bucket] ??= {})
    const sum = (tables[table] ??= [0, 0])
    sum[0]++
    sum[1] = (sum[1] + crc32(`${table}/${id}/${v}`)) >>> 0
  }
}

/**
 * Names the buckets in which two digests differ. Tables outside `only` are left out of the
 * comparison: a device that keeps some tables is no worse for lacking the others.
 */
export function differingBuckets(ours: Digests, theirs: Digests, only?: ReadonlySet<string>): string[] {
  const names = new Set([...Object.keys(ours), ...Object.keys(theirs)])
  return [...names].filter((b) => bucketDiffers(ours[b] ?? {}, theirs[b] ?? {}, only)).sort()
}

type Tables = Digests[string]

function bucketDiffers(ours: Tables, theirs: Tables, only?: ReadonlySet<string>): boolean {
  for (const t of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    if (only && !only.has(t)) continue
    const a = ours[t] ?? [0, 0]
    const b = theirs[t] ?? [0, 0]
    if (a[0] !== b[0] || a[1] !== b[1]) return true
  }
  return false
}
