// A private Postgres for the tests: its own folder, a free port, loopback, an unprivileged user.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = '/usr/lib/postgresql'

function binaries(): string {
  const versions = existsSync(ROOT) ? readdirSync(ROOT).sort((a, b) => Number(b) - Number(a)) : []
  const found = versions.map((v) => join(ROOT, v, 'bin')).find((d) => existsSync(join(d, 'initdb')))
  if (!found) throw new Error(`the tests need Postgres: no ${ROOT}/*/bin/initdb`)
  return found
}

/** Postgres refuses to run as root: then it runs as `nobody`. */
function user(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody']).toString())
  return { uid: id('-u'), gid: id('-g') }
}

export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

export class Cluster {
  private constructor(private readonly bin: string, private readonly folder: string, private readonly port: number,
    private readonly child: ChildProcess) {}

  static async start(): Promise<Cluster> {
    const bin = binaries()
    const as = user()
    const folder = mkdtempSync(join(tmpdir(), 'pursuit-pg-'))
    if (as) chownSync(folder, as.uid, as.gid)
    const data = join(folder, 'data')
    execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'], { ...as, stdio: 'ignore', cwd: folder })
    const port = await freePort()
    const settings = ['-c', 'listen_addresses=127.0.0.1', '-c', `port=${port}`, '-c', `unix_socket_directories=${folder}`, '-c', 'fsync=off', '-c', 'max_connections=200']
    const child = spawn(join(bin, 'postgres'), ['-D', data, ...settings], { ...as, stdio: 'ignore', cwd: folder })
    const cluster = new Cluster(bin, folder, port, child)
    for (let i = 0; i < 100; i++) {
      if (cluster.psql('postgres', 'select 1')) return cluster
      await new Promise((r) => setTimeout(r, 100))
    }
    throw new Error('Postgres did not start')
  }

  private psql(database: string, sql: string): boolean {
    try {
      execFileSync(join(this.bin, 'psql'), ['-q', '-h', '127.0.0.1', '-p', String(this.port), '-U', 'postgres', '-d', database, '-c', sql], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  }

  /** Makes a fresh database and answers its address. */
  create(name: string): string {
    if (!this.psql('postgres', `create database ${name}`)) throw new Error('create database failed')
    return `postgres://postgres@127.0.0.1:${this.port}/${name}?sslmode=disable`
  }

  /** Makes `to` a copy of `from`; nobody may be connected to either. */
  copy(from: string, to: string): void {
    this.psql('postgres', `drop database if exists ${to}`)
    if (!this.psql('postgres', `create database ${to} template ${from}`)) throw new Error('copy database failed')
  }

  stop(): void {
    this.child.kill('SIGQUIT')
    rmSync(this.folder, { recursive: true, force: true })
  }
}
