import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HoursRow } from '../../contract/gen/dayline/admin/v1/admin_pb'
import { byPerson, toneOf } from './heat'

test('days are gathered by person, whose names may be alike', () => {
  const row = (person: string, day: string) => ({ person, name: 'Ana', day }) as HoursRow
  const people = byPerson([row('p-1', '2026-03-02'), row('p-2', '2026-03-02'), row('p-1', '2026-03-03')])
  assert.deepEqual(people.map((one) => `${one.person} ${[...one.days.keys()].join(' ')}`), ['p-1 2026-03-02 2026-03-03', 'p-2 2026-03-02'])
})

test('tones go by two hours, the last from eight on', () => {
  assert.deepEqual([60, 2 * 3600 - 1, 2 * 3600, 5 * 3600, 7.9 * 3600, 8 * 3600, 14 * 3600].map(toneOf), [1, 1, 2, 3, 4, 5, 5])
})
