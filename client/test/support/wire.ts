import { connect, createServer, type Socket } from 'node:net'

/** A relay that counts the bytes of every request, headers included, on their way up. */
export async function measured(target: string): Promise<{ url: string; up: number[]; close: () => void }> {
  const up: number[] = []
  const open = new Set<Socket>()
  const to = new URL(target)
  const server = createServer((down) => {
    const line = connect(Number(to.port), to.hostname)
    open.add(down).add(line)
    let answering = true
    down.on('data', (bytes) => {
      if (answering) up.push(0)
      answering = false
      up[up.length - 1]! += bytes.length
      line.write(bytes)
    })
    line.on('data', (bytes) => {
      answering = true
      down.write(bytes)
    })
    for (const socket of [down, line]) socket.on('error', () => undefined).on('close', () => [down, line].forEach((s) => s.destroy()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return { url: `http://127.0.0.1:${port}`, up, close: () => (open.forEach((s) => s.destroy()), server.close()) }
}
