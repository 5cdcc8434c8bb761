import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askOf, queryOf, stepped } from './question'

test('a question reads its days and filters, and nothing else', () => {
  assert.deepEqual(askOf(new URLSearchParams('range=today&group=Support&sort=-total')), { range: 'today', group: 'Support' })
  assert.deepEqual(askOf(new URLSearchParams('from=2026-03-01&to=2026-03-09&range=today')), { from: '2026-03-01', to: '2026-03-09' })
  assert.deepEqual(askOf(new URLSearchParams('from=2026-03-01')), { from: '2026-03-01', to: '2026-03-01' })
  assert.deepEqual(askOf(new URLSearchParams(''), 'today'), { range: 'today' })
})

test('a question written as a query is the same question', () => {
  for (const text of ['range=last_week&person=p-1&state=active', 'from=2026-03-01&to=2026-03-09&app=code.exe']) {
    assert.deepEqual(askOf(queryOf(askOf(new URLSearchParams(text)))), askOf(new URLSearchParams(text)))
  }
})

test('stepping moves by the number of days, and by whole months where they are whole', () => {
  assert.deepEqual(stepped('2026-03-09', '2026-03-15', -1), { from: '2026-03-02', to: '2026-03-08' })
  assert.deepEqual(stepped('2026-03-09', '2026-03-09', 1), { from: '2026-03-10', to: '2026-03-10' })
  assert.deepEqual(stepped('2026-03-01', '2026-03-31', -1), { from: '2026-02-01', to: '2026-02-28' })
  assert.deepEqual(stepped('2026-02-01', '2026-02-28', 1), { from: '2026-03-01', to: '2026-03-31' })
  assert.deepEqual(stepped('2026-01-01', '2026-12-31', -1), { from: '2025-01-01', to: '2025-12-31' })
})
