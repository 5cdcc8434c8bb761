import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayAsked } from './asked'

test('one day is told from several', () => {
  const asked = (ask: object) => dayAsked(ask, '2026-03-01')
  assert.equal(asked({ range: 'today' }), '2026-03-01')
  assert.equal(asked({ range: 'yesterday' }), '2026-02-28')
  assert.equal(asked({ from: '2026-01-05', to: '2026-01-05' }), '2026-01-05')
  assert.equal(asked({ from: '2026-01-05', to: '2026-01-06' }), undefined)
  assert.equal(asked({ range: 'this_week' }), undefined)
})
