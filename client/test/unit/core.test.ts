import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DigestSum, Journal, batches, canonical, crc32, derivedId, differingBuckets, isId, newId, pauseBefore, retryAfterMs, type Mutation,
} from '@pursuit/client'
import { MemoryKeys } from '../support/durable.js'

const mutation = (n: number, group?: string): Mutation => ({
  id: `m${n}`, ...(group && { group }), table: 'people', row: `r${n}`, op: 'insert', base: 0, at: '2026-11-20T16:40:00.000Z', set: { code: 'x' },
})

test('ids are lower-case UUIDs, version 7, in the order of the clock', () => {
  const ids = [1, 2, 3].map((n) => newId(1_790_000_000_000 + n))
  assert.ok(ids.every(isId))
  assert.ok(ids.every((id) => id[14] === '7'))
  assert.deepEqual([...ids].sort(), ids)
})

test('derived ids are UUIDs, equal for equal edits and different otherwise', () => {
  assert.equal(derivedId('a', { x: 1, y: [2] }), derivedId('a', { y: [2], x: 1 }))
  assert.notEqual(derivedId('a', { x: 1 }), derivedId('a', { x: 2 }))
  assert.ok(isId(derivedId('a')))
  const many = new Set(Array.from({ length: 20_000 }, (_, i) => derivedId('d', i)))
  assert.equal(many.size, 20_000)
})

test('canonical JSON does not depend on the order of keys', () => {
  assert.equal(canonical({ b: 1, a: { d: [1, { f: 2, e: 3 }], c: null } }), canonical({ a: { c: null, d: [1, { e: 3, f: 2 }] }, b: 1 }))
})

test('CRC-32 is the IEEE one', () => {
  assert.equal(crc32('123456789'), 0xcbf43926)
  assert.equal(crc32(''), 0)
})

test('digests: sums wrap at 2^32, and only differing buckets are named', () => {
  const ours = new DigestSum()
  ours.add('people', 'a', 5, 'b1')
  ours.add('services', 's', 6, 'b2')
  const same = { b1: { people: [1, crc32('people/a/5')] as [number, number] }, b2: { services: [1, crc32('services/s/6')] as [number, number] } }
  assert.deepEqual(differingBuckets(ours.buckets, same), [])
  ours.add('people', 'c', 7, 'b1')
  assert.deepEqual(differingBuckets(ours.buckets, same), ['b1'])
  assert.equal(ours.buckets.b1!.people![1], (crc32('people/a/5') + crc32('people/c/7')) % 2 ** 32)
  assert.deepEqual(differingBuckets(ours.buckets, { ...same, b3: { staff: [1, 1] } }, new Set(['services', 'staff'])), ['b3'])
  assert.deepEqual(differingBuckets({}, { b3: { staff: [0, 0] } }), [])
})

test('pauses double up to two minutes, keep to the upper half, and obey the server', () => {
  for (let attempt = 0; attempt < 40; attempt++) {
    const full = Math.min(120_000, 1000 * 2 ** attempt)
    for (const r of [0, 0.5, 0.999]) {
      const pause = pauseBefore(attempt, 0, () => r)
      assert.ok(pause >= full / 2 && pause <= full)
    }
  }
  assert.ok(pauseBefore(0, 60_000, () => 0) >= 60_000)
})

test('Retry-After is seconds or a date, and nothing absurd', () => {
  assert.equal(retryAfterMs('7'), 7000)
  assert.equal(retryAfterMs('Sat, 21 Nov 2026 10:00:30 GMT', Date.parse('2026-11-21T10:00:00Z')), 30_000)
  assert.equal(retryAfterMs('soon'), undefined)
  assert.equal(retryAfterMs(null), undefined)
  assert.equal(retryAfterMs('99999999'), 3_600_000)
})

test('batches keep the order and never cut a group', () => {
  const list = [mutation(1), mutation(2, 'g'), mutation(3, 'g'), mutation(4, 'g'), mutation(5), mutation(6, 'h'), mutation(7, 'h')]
  const cut = batches(list, 3)
  assert.deepEqual(cut.map((b) => b.map((m) => m.id)), [['m1'], ['m2', 'm3', 'm4'], ['m5', 'm6', 'm7']])
  assert.deepEqual(batches(list, 2).flat(), list)
  assert.equal(batches(list, 100, 10).length, 4)
  assert.deepEqual(batches([]), [])
})

test('journal: A→B→A→B is four mutations, a repeat is the same one, to the byte', async () => {
  const keys = new MemoryKeys()
  const draft = (base: number, code: string, at: string) => ({ table: 'people', row: 'r', op: 'patch' as const, base, at, set: { code } })
  const journal = new Journal(keys, 'j', 'device')
  await journal.load()
  const ids = new Set<string>()
  for (const [i, code] of ['B', 'A', 'B', 'A'].entries()) {
    const [m] = await journal.name([draft(1, code, `t${i}`)])
    journal.answered([m!], [{ id: m!.id, status: 'applied' }])
    ids.add(m!.id)
    const [again] = await journal.name([draft(1, code, `later${i}`)])
    assert.deepEqual(again, m)
  }
  assert.equal(ids.size, 4)
})

test('journal: what was on its way survives a crash', async () => {
  const keys = new MemoryKeys()
  const before = new Journal(keys, 'j', 'device')
  await before.load()
  const [m] = await before.name([{ table: 'people', row: 'r', op: 'patch', base: 3, at: 't', set: { code: 'B' } }])
  const after = new Journal(keys, 'j', 'device')
  await after.load()
  assert.deepEqual(after.unanswered(), [m])
  const [again] = await after.name([{ table: 'people', row: 'r', op: 'patch', base: 3, at: 'u', set: { code: 'B' } }])
  assert.deepEqual(again, m)
  after.answered([m!], [{ id: m!.id, status: 'applied' }])
  assert.deepEqual(after.unanswered(), [])
})

test('journal: an edit that was refused and is made again is another one; asked again it is the same', async () => {
  const journal = new Journal(new MemoryKeys(), 'j', 'device')
  await journal.load()
  const draft = (at: string) => ({ table: 'people', row: 'r', op: 'patch' as const, base: 3, at, set: { code: 'B' } })
  const [m] = await journal.name([draft('t')])
  journal.answered([m!], [{ id: m!.id, status: 'quarantined' }])
  assert.deepEqual(await journal.name([draft('t')]), [m])
  const [other] = await journal.name([draft('later')])
  assert.notEqual(other!.id, m!.id)
})

test('journal: edits of a row inserted here are made on the insert until the row has come back', async () => {
  const journal = new Journal(new MemoryKeys(), 'j', 'device')
  await journal.load()
  const draft = (op: 'insert' | 'patch', base: number, set: object) => ({ table: 'people', row: 'r', op, base, at: 't', set: { ...set } })
  const [insert] = await journal.name([draft('insert', 0, { code: 'A' })])
  assert.equal(journal.inserted('people', 'r'), undefined)
  journal.answered([insert!], [{ id: insert!.id, status: 'applied', v: 7 }])
  const [first] = await journal.name([draft('patch', 0, { code: 'B' })])
  assert.equal(first!.base, 7)
  assert.deepEqual(journal.inserted('people', 'r'), { id: 'r', _v: 7, _b: '', code: 'A' })
  journal.answered([first!], [{ id: first!.id, status: 'applied', v: 9 }])
  const [second] = await journal.name([draft('patch', 0, { notes: 'n' })])
  assert.equal(second!.base, 7)
  assert.deepEqual(journal.inserted('people', 'r'), { id: 'r', _v: 7, _b: '', code: 'B' })
  const [third] = await journal.name([draft('patch', 12, { notes: 'm' })])
  assert.equal(third!.base, 12)
  assert.equal(journal.inserted('people', 'r'), undefined)
})
