import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keep, markEntry, recall } from './kept'

const shown = { rows: [], next: 'cursor', zone: 'device', scroll: 1200 }
// The browser's history, of which only the entry that it is at matters here.
const entry = { state: null as unknown, replaceState: (state: unknown) => void (entry.state = state) }
Object.assign(globalThis, { history: entry })

test('what was shown is found on coming back to its entry, by the same user, for ten minutes', () => {
  const mark = markEntry()
  const there = entry.state
  keep(mark, 'ada', shown, 0)
  assert.equal(recall('ada', 60_000), shown)
  assert.equal(recall('max', 60_000), undefined)
  assert.equal(recall('ada', 11 * 60_000), undefined)
  entry.state = null // another page, or the log asked for anew
  assert.equal(recall('ada', 60_000), undefined)
  markEntry()
  assert.equal(recall('ada', 60_000), undefined)
  entry.state = there
  assert.equal(recall('ada', 60_000), shown)
})
