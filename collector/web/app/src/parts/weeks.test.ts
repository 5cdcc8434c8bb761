import assert from 'node:assert/strict'
import { test } from 'node:test'
import { daysBetween, weekdayOf, weeksAround } from './weeks'

test('weeks begin on the account’s day', () => {
  assert.deepEqual(['mon', 'sun', 'sat'].map((start) => weekdayOf('2026-03-04', start)), [2, 3, 4])
})

test('the last weeks stay as they are while one goes through them; an earlier day brings its own', () => {
  const recent = { from: '2026-02-16', to: '2026-03-15' }
  for (const day of ['2026-03-11', '2026-03-09', '2026-02-16']) assert.deepEqual(weeksAround(day, '2026-03-11', 'mon'), recent)
  assert.deepEqual(weeksAround('2026-02-15', '2026-03-11', 'mon'), { from: '2026-01-26', to: '2026-02-22' })
  assert.deepEqual(weeksAround('2026-03-16', '2026-03-11', 'mon'), { from: '2026-02-23', to: '2026-03-22' })
})

test('days are counted over months and years', () => {
  assert.deepEqual(daysBetween('2025-12-30', '2026-01-02'), ['2025-12-30', '2025-12-31', '2026-01-01', '2026-01-02'])
  assert.equal(daysBetween('2026-03-02', '2026-03-01').length, 0)
})
