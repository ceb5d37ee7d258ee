// Real servers, built from this repository, on either database.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Session, newId, type Schema } from '@pursuit/client'
import type { Account } from './device.js'
import { MemoryKeys } from './durable.js'
import { Cluster, freePort } from './postgres.js'

export type Kind = 'sqlite' | 'postgres'
export const KINDS: Kind[] = process.env.PURSUIT_CLIENT_DB ? [process.env.PURSUIT_CLIENT_DB as Kind] : ['sqlite', 'postgres']

/** The server of this repository, and those of a schema to come: beside the first, and without it (docs/adr/0010-schema-versions.md). */
export const BINARIES = { plain: process.env.PURSUIT_BINARY ?? '', trial: process.env.PURSUIT_BINARY_TRIAL ?? '', retired: process.env.PURSUIT_BINARY_RETIRED ?? '' }
const START_LIMIT_MS = 30_000

let cluster: Promise<Cluster> | undefined
let count = 0

/** Ends the Postgres of this test process, if one was started. */
export async function endCluster(): Promise<void> {
  ;(await cluster)?.stop()
  cluster = undefined
}

export class Site {
  private child: ChildProcess | undefined
  private binary = BINARIES.plain
  url = ''
  readonly admin: Account = { email: 'admin@example.org', password: 'a long admin password' }
  program = { program_id: '', org_id: '', user_id: '' }
  private backup = ''

  private constructor(readonly kind: Kind, private readonly folder: string, private readonly name: string, private readonly address: string, private port: number) {}

  static async start(kind: Kind): Promise<Site> {
    if (!BINARIES.plain) throw new Error('PURSUIT_BINARY names the server to test; test/run.sh builds it')
    const folder = mkdtempSync(join(tmpdir(), 'pursuit-site-'))
    const name = `site${process.pid}_${++count}`
    if (kind === 'postgres') cluster ??= Cluster.start()
    const address = kind === 'postgres' ? (await cluster!).create(name) : `sqlite://${join(folder, 'pursuit.db')}`
    const site = new Site(kind, folder, name, address, await freePort())
    site.url = `http://127.0.0.1:${site.port}`
    writeFileSync(join(folder, 'password'), site.admin.password)
    const args = ['bootstrap', '--program', 'Test', '--time-zone', 'America/Los_Angeles', '--admin-email', site.admin.email, '--admin-password-file', join(folder, 'password')]
    site.program = JSON.parse(execFileSync(BINARIES.plain, args, { cwd: folder, env: site.env() }).toString())
    await site.serve()
    return site
  }

  private env(): NodeJS.ProcessEnv {
    const clean = Object.fromEntries(Object.entries(process.env).filter(([k]) => !k.startsWith('PURSUIT_')))
    return { ...clean, PURSUIT_DATABASE_URL: this.address, PURSUIT_ADDR: `127.0.0.1:${this.port}`, PURSUIT_TEST: '1', PURSUIT_SCHEDULER_INTERVAL: '1s' }
  }

  async serve(): Promise<void> {
    const log = openSync(join(this.folder, 'log'), 'a')
    this.child = spawn(this.binary, ['serve'], { cwd: this.folder, env: this.env(), stdio: ['ignore', log, log] })
    for (const until = Date.now() + START_LIMIT_MS; Date.now() < until;) {
      const ready = await fetch(`${this.url}/readyz`).then((r) => r.ok, () => false)
      if (ready) return
      await new Promise((r) => setTimeout(r, 50))
    }
    throw new Error(`the server did not start; see ${this.folder}/log`)
  }

  /** The server is replaced by another build. */
  async becomes(build: keyof typeof BINARIES): Promise<void> {
    if (!BINARIES[build]) throw new Error(`PURSUIT_BINARY_${build.toUpperCase()} names that server; test/run.sh builds it`)
    this.binary = BINARIES[build]
    await this.kill('SIGTERM')
    await this.serve()
  }

  /** Ends the server as a power cut does. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { child } = this
    if (!child || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await ended
    this.child = undefined
  }

  /** Keeps a copy of the database; `restore` goes back to it. */
  async keepBackup(): Promise<void> {
    await this.kill('SIGTERM')
    this.backup = `${this.name}_backup`
    if (this.kind === 'postgres') (await cluster!).copy(this.name, this.backup)
    else this.copyFile('pursuit.db', 'backup.db')
    await this.serve()
  }

  async restore(): Promise<void> {
    await this.kill('SIGTERM')
    if (this.kind === 'postgres') (await cluster!).copy(this.backup, this.name)
    else this.copyFile('backup.db', 'pursuit.db')
    execFileSync(this.binary, ['restored'], { cwd: this.folder, env: this.env(), stdio: 'ignore' })
    await this.serve()
  }

  private copyFile(from: string, to: string): void {
    for (const suffix of ['', '-wal', '-shm']) {
      rmSync(join(this.folder, to + suffix), { force: true })
      if (existsSync(join(this.folder, from + suffix))) copyFileSync(join(this.folder, from + suffix), join(this.folder, to + suffix))
    }
  }

  async session(account: Account): Promise<Session> {
    const session = await Session.open({ url: this.url, storage: new MemoryKeys(), device: { name: 'desk', platform: 'node', app_version: '1' } })
    await session.signIn(account.email, account.password)
    return session
  }

  async stop(): Promise<void> {
    await this.kill('SIGTERM')
    if (!process.env.KEEP) rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A person of a program: an account with an id. */
export interface Person extends Account {
  id: string
  org: string
}

/** A small program: a lead organisation, two providers, and the people the stories need. */
export class Town {
  schema!: Schema
  admin!: Session
  lead!: { supervisor: Person; manager: Person }
  people: Record<string, Person> = {}

  private constructor(readonly site: Site) {}

  static async build(site: Site): Promise<Town> {
    const town = new Town(site)
    town.admin = await site.session(site.admin)
    town.schema = await town.admin.schema()
    const a = await town.org('Street Team A', 'service_provider')
    const b = await town.org('Street Team B', 'service_provider')
    const hire = async (name: string, role: string, org: string) => (town.people[name] = await town.hire(name, role, org))
    await hire('boss', 'supervisor', a)
    await hire('worker', 'outreach_worker', a)
    await hire('colleague', 'outreach_worker', a)
    await hire('other_boss', 'supervisor', b)
    await hire('other_worker', 'outreach_worker', b)
    return town
  }

  private async org(name: string, kind: string): Promise<string> {
    return ((await this.admin.call('/v1/orgs', { method: 'POST', body: { name, kind } })) as { id: string }).id
  }

  private async hire(name: string, role: string, org: string): Promise<Person> {
    const account = { email: `${name}@example.org`, password: `the password of ${name}` }
    const user = (await this.admin.call('/v1/users', { method: 'POST', body: { ...account, name, role, org_id: org } })) as { id: string }
    return { ...account, id: user.id, org }
  }

  /** A case as a supervisor opens it: person, referral, service, assigned to the worker. */
  caseFor(worker: Person): { table: string; row: string; op: 'insert'; set: Record<string, unknown> }[] & { ids: CaseIds } {
    const ids = { person: newId(), referral: newId(), service: newId(), assignment: newId() }
    const edits = [
      { table: 'people', row: ids.person, op: 'insert' as const, set: { code: `code-${ids.person.slice(-4)}`, phones: ['+15035550100'], notes: 'first line' } },
      { table: 'referrals', row: ids.referral, op: 'insert' as const, set: { person_id: ids.person, source: 'outreach', referred_on: '2026-11-01' } },
      { table: 'services', row: ids.service, op: 'insert' as const, set: { referral_id: ids.referral, person_id: ids.person, track: 'slo_icm', org_id: worker.org } },
      { table: 'assignments', row: ids.assignment, op: 'insert' as const, set: { service_id: ids.service, user_id: worker.id, role: 'outreach_worker' } },
    ]
    return Object.assign(edits, { ids })
  }
}

export interface CaseIds {
  person: string
  referral: string
  service: string
  assignment: string
}
