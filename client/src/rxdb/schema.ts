import type { RxJsonSchema } from 'rxdb'
import { equal, tableOf, type Draft, type FieldSchema, type Row, type Schema, type TableSchema } from '@pursuit/client'

/** A row as a collection holds it: the server's `_v` and `_b` under names RxDB allows. */
export interface PursuitDoc {
  id: string
  sync_v: number
  sync_b: string
  [field: string]: unknown
}

/** As RxDB's replication hands it over. */
export type WithDeleted = PursuitDoc & { _deleted: boolean }

/** Names that RxDB keeps for its documents' own methods; such a field gets a trailing underscore. */
const TAKEN = new Set(['set', 'get', 'remove'])
const nameIn = (field: string) => (TAKEN.has(field) ? `${field}_` : field)

const TYPES: Record<string, string | string[]> = {
  bool: 'boolean', integer: 'integer', number: 'number', text_list: 'array', factors: 'object', object: 'object',
  any: ['string', 'number', 'boolean', 'array', 'object'],
}

const ID_LENGTH = 36

export interface CollectionCreator {
  schema: RxJsonSchema<PursuitDoc>
  migrationStrategies: Record<number, (doc: PursuitDoc) => PursuitDoc>
}

/**
 * The collections for `database.addCollections`, made from `GET /v1/sync/schema`. Tables not
 * named in `tables` are left out; required ids (`service_id`, `person_id`, …) are indexed. A new
 * schema number becomes a new RxDB version whose migration fills new fields with `null`.
 */
export function rxCollections(schema: Schema, tables: readonly string[] = Object.keys(schema.tables)): Record<string, CollectionCreator> {
  return Object.fromEntries(tables.map((name) => [name, collectionOf(tableOf(schema, name))]))
}

function collectionOf(table: TableSchema): CollectionCreator {
  const properties: Record<string, object> = {
    id: { type: 'string', maxLength: ID_LENGTH },
    sync_v: { type: 'number' },
    sync_b: { type: 'string', maxLength: ID_LENGTH },
  }
  const indexes = ['sync_b']
  for (const [field, spec] of Object.entries(table.fields)) {
    if (field === 'id') continue
    properties[nameIn(field)] = propertyOf(spec)
    if (isParent(spec)) indexes.push(nameIn(field))
  }
  const newest = Math.max(table.since ?? 1, ...Object.values(table.fields).map((f) => f.since ?? 1))
  const version = newest - 1
  return {
    schema: {
      version, primaryKey: 'id', type: 'object', properties, indexes,
      required: ['id', 'sync_v', ...indexes],
    } as unknown as RxJsonSchema<PursuitDoc>,
    migrationStrategies: Object.fromEntries(
      Array.from({ length: version }, (_, i) => [i + 1, (doc: PursuitDoc) => withNew(doc, table)]),
    ),
  }
}

function isParent(spec: FieldSchema): boolean {
  return spec.type === 'id' && spec.required === true
}

function propertyOf(spec: FieldSchema): object {
  if (isParent(spec)) return { type: 'string', maxLength: ID_LENGTH }
  return { type: [TYPES[spec.type] ?? 'string', 'null'].flat() }
}

function withNew(doc: PursuitDoc, table: TableSchema): PursuitDoc {
  for (const field of Object.keys(table.fields)) doc[nameIn(field)] ??= null
  return doc
}

/** Translates between the rows of one table and the documents of its collection. */
export class Codec {
  private readonly fields: { wire: string; doc: string; writable: boolean; empty: unknown }[]

  constructor(readonly table: string, spec: TableSchema) {
    this.fields = Object.entries(spec.fields).filter(([f]) => f !== 'id').map(([wire, f]) => ({
      wire, doc: nameIn(wire), writable: !f.read_only || f.fixed === true, empty: isParent(f) ? '' : null,
    }))
  }

  doc(row: Row): WithDeleted {
    const doc: WithDeleted = { id: row.id, sync_v: row._v, sync_b: row._b, _deleted: false }
    for (const f of this.fields) doc[f.doc] = row[f.wire] ?? f.empty
    return doc
  }

  /** What is left of a row that is gone: nothing but its id. */
  tombstone(id: string): WithDeleted {
    const doc: WithDeleted = { id, sync_v: 0, sync_b: '', _deleted: true }
    for (const f of this.fields) doc[f.doc] = f.empty
    return doc
  }

  /** The row as a document, or what is left when there is none. */
  docOf(id: string, row: Row | undefined): WithDeleted {
    return row ? this.doc(row) : this.tombstone(id)
  }

  /** The edit that leads from what the server had to what the person made of it, if any. */
  draft(before: WithDeleted | undefined, after: WithDeleted, at: string): Draft | undefined {
    const there = before && !before._deleted ? before : undefined
    const common = { table: this.table, row: after.id, at }
    if (after._deleted) return there && { ...common, op: 'delete', base: there.sync_v }
    const set: Record<string, unknown> = {}
    for (const f of this.fields) {
      const value = after[f.doc] ?? f.empty
      if (f.writable && !equal(value, there?.[f.doc] ?? f.empty)) set[f.wire] = value
    }
    if (!there) return { ...common, op: 'insert', base: 0, set }
    return Object.keys(set).length > 0 ? { ...common, op: 'patch', base: Math.max(there.sync_v, after.sync_v), set } : undefined
  }
}
