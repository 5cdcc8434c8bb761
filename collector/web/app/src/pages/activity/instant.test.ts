import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byDay, dayOf, endOf, linkOf } from './instant'

test('an end keeps the offset of its start', () => {
  assert.equal(endOf('2026-03-02T23:59:30.500+01:00', 40), '2026-03-03T00:00:10.500+01:00')
  assert.equal(endOf('2026-03-02T00:00:00.000-05:30', 0.25), '2026-03-02T00:00:00.250-05:30')
  assert.equal(endOf('2026-03-02T00:00:00Z', 3600), '2026-03-02T01:00:00.000Z')
})

test('days are those of the clock there, or of the zone', () => {
  assert.equal(dayOf('2026-03-02T23:30:00.000-08:00', 'device'), '2026-03-02')
  assert.equal(dayOf('2026-03-02T23:30:00.000-08:00', 'Europe/Berlin'), '2026-03-03')
  const rows = ['2026-03-03T01:00:00Z', '2026-03-02T23:00:00Z', '2026-03-02T22:00:00Z'].map((start) => ({ start }))
  assert.deepEqual(byDay(rows, 'device').map(({ day, rows }) => [day, rows.length]), [['2026-03-03', 1], ['2026-03-02', 2]])
})

test('only addresses of the web are followed', () => {
  assert.equal(linkOf('https://example.com/a?b#c'), 'https://example.com/a?b#c')
  assert.equal(linkOf('HTTP://Example.com'), 'http://example.com/')
  for (const bad of ['javascript:alert(1)', ' javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'example.com/a', '', 'java\nscript:alert(1)']) {
    assert.equal(linkOf(bad), undefined, bad)
  }
})
