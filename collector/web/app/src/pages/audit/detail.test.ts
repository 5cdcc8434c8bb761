import assert from 'node:assert/strict'
import { test } from 'node:test'
import { detailOf } from './detail'

Object.assign(globalThis, { localStorage: { getItem: () => 'en' }, navigator: { languages: [] } })

const named = (id: string) => (id === 'p-1' ? 'Ana' : id)

test('what was noted is said in words, with ids as names', () => {
  assert.deepEqual(detailOf('{"from":"2026-03-02","report":"activity","seen":["p-1","p-2"],"complete":true,"to":"2026-03-03","unheard_of":"x"}', named).lines, [
    { name: 'report', text: 'Activity log' },
    { name: 'from', text: 'Mon, Mar 2, 2026' },
    { name: 'to', text: 'Tue, Mar 3, 2026' },
    { name: 'whose', text: 'Ana, p-2' },
    { name: 'complete', text: 'yes' },
    { name: 'unheard of', text: 'x' },
  ])
  assert.deepEqual(detailOf('{"ask":{"range":"today","person":"p-1"},"rows":0,"flags":null}', named).lines, [{ name: 'question', text: 'range today, person Ana' }])
})

test('words of the contract are said in the reader’s own', () => {
  assert.deepEqual(detailOf('{"browser":"A browser on macOS","how":"first_admin"}', named).lines, [
    { name: 'browser', text: 'A browser on macOS' },
    { name: 'how', text: 'first link' },
  ])
})

test('long lists say how much is left out', () => {
  const seen = Array.from({ length: 11 }, (_, i) => `p${i}`)
  assert.match(detailOf(JSON.stringify({ seen }), named).lines[0]!.text, /^p0, .*p7 and 3 more$/)
})

test('changes of settings show both values, and what is no JSON is shown as it is', () => {
  assert.deepEqual(detailOf('{"changes":[{"key":"settle","old":"","new":"0s"}]}', named).changes, [{ key: 'settle', before: 'not set', after: '0s' }])
  assert.deepEqual(detailOf('(gone)', named).lines, [{ name: '', text: '(gone)' }])
  assert.deepEqual(detailOf('null', named), { lines: [], changes: [] })
})
