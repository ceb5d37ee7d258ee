import { appSchema, tableSchema } from '@nozbe/watermelondb/Schema/index.js'
import { addColumns, createTable, schemaMigrations } from '@nozbe/watermelondb/Schema/migrations/index.js'
import { canonical, tableOf, type FieldSchema, type Row, type Schema, type TableSchema } from '@pursuit/client'

/** A record as WatermelonDB stores it. */
export interface Raw {
  id: string
  _status: 'synced' | 'created' | 'updated' | 'deleted'
  _changed: string
  /** The server's `_v`, or 0 for a record it has not sent yet. */
  sync_v: number
  /** The server's `_b`. */
  sync_b: string
  /** The `_v` that unsent edits were made on, when a newer one has been pulled under them. */
  sync_base: number
  [column: string]: unknown
}

type Column = { name: string; type: 'string' | 'number' | 'boolean'; isOptional?: boolean; isIndexed?: boolean }

const NUMBERS = new Set(['created_at', 'updated_at']) // WatermelonDB stamps these two itself, as milliseconds
const JSON_TYPES = new Set(['text_list', 'factors', 'object', 'any'])
const OWN: Column[] = [
  { name: 'sync_v', type: 'number' },
  { name: 'sync_b', type: 'string', isIndexed: true },
  { name: 'sync_base', type: 'number' },
]

/**
 * The app schema for `new Database`, made from `GET /v1/sync/schema`. Lists and objects are JSON
 * text (`@json`), `created_at` and `updated_at` milliseconds (`@date`), other times RFC 3339 text;
 * required ids are indexed.
 */
export function watermelonSchema(schema: Schema, tables: readonly string[] = Object.keys(schema.tables)): ReturnType<typeof appSchema> {
  const made = tables.map((name) => tableSchema({ name, columns: columnsOf(tableOf(schema, name), schema.schema) } as never))
  return appSchema({ version: schema.schema, tables: made })
}

/** The migrations that lead from the first schema to this one: new tables and new columns. */
export function watermelonMigrations(schema: Schema, tables: readonly string[] = Object.keys(schema.tables)): ReturnType<typeof schemaMigrations> {
  const migrations = []
  for (let toVersion = 2; toVersion <= schema.schema; toVersion++) {
    const steps = tables.flatMap((name) => stepsTo(name, tableOf(schema, name), toVersion))
    migrations.push({ toVersion, steps })
  }
  return schemaMigrations({ migrations } as never)
}

function stepsTo(name: string, table: TableSchema, version: number): unknown[] {
  if ((table.since ?? 1) > version) return []
  if ((table.since ?? 1) === version) return [createTable({ name, columns: columnsOf(table, version) } as never)]
  const columns = Object.entries(table.fields).filter(([, f]) => f.since === version).map(([n, f]) => columnOf(n, f))
  return columns.length > 0 ? [addColumns({ table: name, columns } as never)] : []
}

function columnsOf(table: TableSchema, version: number): Column[] {
  const fields = Object.entries(table.fields).filter(([n, f]) => n !== 'id' && (f.since ?? 1) <= version)
  return [...OWN, ...fields.map(([n, f]) => columnOf(n, f))]
}

function columnOf(name: string, field: FieldSchema): Column {
  const column: Column = { name, type: typeOf(name, field) }
  if (!NUMBERS.has(name)) column.isOptional = true
  if (field.type === 'id' && field.required) column.isIndexed = true
  return column
}

function typeOf(name: string, field: FieldSchema): Column['type'] {
  if (NUMBERS.has(name) || field.type === 'integer' || field.type === 'number') return 'number'
  return field.type === 'bool' ? 'boolean' : 'string'
}

interface FieldCodec {
  name: string
  kind: 'plain' | 'json' | 'time'
  writable: boolean
}

/** Translates between the rows of one table and WatermelonDB's raw records. */
export class Codec {
  private readonly fields: FieldCodec[]
  private readonly byName: Map<string, FieldCodec>

  constructor(readonly table: string, spec: TableSchema) {
    this.fields = Object.entries(spec.fields).filter(([f]) => f !== 'id').map(([name, f]) => ({
      name, kind: NUMBERS.has(name) ? 'time' : JSON_TYPES.has(f.type) ? 'json' : 'plain', writable: !f.read_only || f.fixed === true,
    }))
    this.byName = new Map(this.fields.map((f) => [f.name, f]))
  }

  raw(row: Row): Record<string, unknown> {
    const raw: Record<string, unknown> = { id: row.id, sync_v: row._v, sync_b: row._b, sync_base: 0 }
    for (const f of this.fields) {
      const value = row[f.name] ?? null
      if (f.kind === 'plain' || value === null) raw[f.name] = value
      else raw[f.name] = f.kind === 'json' ? JSON.stringify(value) : Date.parse(value as string)
    }
    return raw
  }

  /** The writable fields of a new record that hold something. */
  whole(raw: Raw): Record<string, unknown> {
    const set: Record<string, unknown> = {}
    for (const f of this.fields) {
      const value = f.writable ? this.value(raw, f) : null
      if (value !== null) set[f.name] = value
    }
    return set
  }

  /** The writable fields among those WatermelonDB marks as changed. */
  changed(raw: Raw): Record<string, unknown> {
    const set: Record<string, unknown> = {}
    for (const name of raw._changed.split(',')) {
      const f = this.byName.get(name)
      if (f?.writable) set[name] = this.value(raw, f)
    }
    return set
  }

  /** Columns whose local value is not what `set` says. */
  columnsOtherThan(raw: Raw, set: Record<string, unknown>): string[] {
    return this.fields.filter((f) => f.writable && canonical(this.value(raw, f)) !== canonical(set[f.name] ?? null)).map((f) => f.name)
  }

  private value(raw: Raw, f: FieldCodec): unknown {
    const value = raw[f.name]
    if (value === null || value === undefined) return null
    if (f.kind === 'json') return fromJson(value)
    return value
  }
}

function fromJson(text: unknown): unknown {
  if (typeof text !== 'string') return text
  try {
    return JSON.parse(text)
  } catch {
    return text // the app wrote something else into it; the server says `invalid_value`
  }
}
