import type { Fetch } from '@pursuit/client'

export type Mishap = 'refuse' | 'lose_request' | 'lose_answer' | 'half_answer' | 'portal' | 'error_500'

/** A device's line to the server, with everything that happens to lines. */
export class Net {
  online = true
  /** What happens to the next requests to `/v1/sync`, first come first served. */
  mishaps: (Mishap | undefined)[] = []
  /** Or to any request, by chance. */
  chance: (() => Mishap | undefined) | undefined
  requests = 0

  constructor(private readonly inner: Fetch = (url, init) => fetch(url, init), private readonly said: (mishap: Mishap) => void = () => undefined) {}

  readonly fetch: Fetch = async (url, init) => {
    this.requests++
    if (!this.online) throw new TypeError('offline')
    const path = new URL(url).pathname
    const mishap = path === '/v1/sync' ? (this.mishaps.length > 0 ? this.mishaps.shift() : this.chance?.()) : undefined
    if (mishap) this.said(mishap)
    if (mishap === 'refuse' || mishap === 'lose_request') throw new TypeError('request lost')
    if (mishap === 'portal') return new Response('<html>Log in to Wi-Fi</html>', { headers: { 'content-type': 'text/html' } })
    if (mishap === 'error_500') return new Response('{"code":"internal"}', { status: 500, headers: { 'content-type': 'application/problem+json' } })
    const response = await this.inner(url, init)
    if (mishap === 'lose_answer') {
      await response.arrayBuffer()
      throw new TypeError('answer lost')
    }
    if (mishap === 'half_answer') {
      const text = await response.text()
      return new Response(text.slice(0, Math.floor(text.length / 2)), { status: response.status, headers: { 'content-type': 'application/json' } })
    }
    return response
  }
}
