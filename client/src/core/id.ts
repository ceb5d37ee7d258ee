/** Random bytes from the platform; React Native needs `react-native-get-random-values`. */
function randomBytes(count: number): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(count))
}

/** Makes a UUID of version 7: ordered by the clock, lower case, as the protocol recommends. */
export function newId(now = Date.now()): string {
  const bytes = randomBytes(16)
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(now / 2 ** (8 * (5 - i))) % 256
  bytes[6] = (bytes[6]! & 0x0f) | 0x70
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Whether the text is an id the server takes. */
export function isId(text: unknown): text is string {
  return typeof text === 'string' && ID.test(text)
}

/**
 * Fingerprint of a value: 106 bits over its JSON with sorted keys. Equal values have equal
 * fingerprints whatever order their keys were written in; not meant against an adversary.
 */
export function fingerprint(value: unknown): string {
  const text = canonical(value)
  return mix(text, 0x9e3779b9) + mix(text, 0x85ebca6b)
}

/** JSON with the keys of every object in order. */
export function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const object = value as Record<string, unknown>
  return `{${Object.keys(object).sort().map((k) => `${JSON.stringify(k)}:${canonical(object[k])}`).join(',')}}`
}

/** Whether two values are the same JSON. */
export function equal(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && canonical(a) === canonical(b))
}

function mix(text: string, seed: number): string {
  let a = 0xdeadbeef ^ seed
  let b = 0x41c6ce57 ^ seed
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    a = Math.imul(a ^ c, 2654435761)
    b = Math.imul(b ^ c, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(16).padStart(14, '0')
}

/**
 * Derives a mutation id from what the mutation is: the same edit of the same turn gets the same
 * id (a repeat after a lost answer is recognised), and any difference gets another one. The
 * fingerprint fills a UUID of version 8.
 */
export function derivedId(...parts: unknown[]): string {
  const hex = (fingerprint(parts) + fingerprint([1, ...parts])).slice(0, 32).split('')
  hex[12] = '8'
  hex[16] = '89ab'[parseInt(hex[16]!, 16) & 3]!
  const s = hex.join('')
  return `${s.slice(0, 8)}-${s.slice(8, 12)}-${s.slice(12, 16)}-${s.slice(16, 20)}-${s.slice(20)}`
}
