import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Status } from './message'
import { linesOf } from './status'

const texts = (language: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, '_locales', language, 'messages.json'), 'utf8')) as Record<string, { message: string }>
const asked = new Set<string>()
const say = (name: string, value?: string) => {
  asked.add(name)
  return value ? `${name} ${value}` : name
}
const shown = (status: Status | null) => linesOf(status, say, (time) => time.slice(0, 10))

const collected: Status = { running: true, login: 'ada', collect: true, paused: false, scheduled: false, titles: true, urls: 'path', settings_since: '2026-03-01T12:00:00Z' }

test('whoever is collected is told what', () => {
  assert.deepEqual(shown(collected), {
    words: ['collects', 'bounds'],
    facts: [['login', 'ada'], ['titles', 'yes'], ['addresses', 'addressesPath'], ['settings', 'since 2026-03-01']],
  })
  assert.deepEqual(shown({ ...collected, scheduled: true, notice: 'Ask Grace.' }).words, ['scheduled', 'Ask Grace.', 'bounds'])
  assert.deepEqual(shown({ ...collected, paused: true }).words, ['paused', 'bounds'])
  for (const urls of ['host', 'path', 'full', 'none', '']) shown({ ...collected, urls, titles: false })
})

test('whoever is not collected is told why', () => {
  assert.deepEqual(shown({ ...collected, collect: false, reason: 'do not track' }), {
    words: ['nothing', 'do not track', 'bounds'],
    facts: [['login', 'ada'], ['settings', 'since 2026-03-01']],
  })
})

test('without the agent it says so, and what to do', () => {
  const stopped: Status = { running: false, collect: false, paused: false, scheduled: false, titles: false }
  assert.deepEqual(shown(null), { words: ['unconnected', 'unconnectedHelp'], facts: [] })
  assert.deepEqual(shown(stopped), { words: ['stopped', 'stoppedHelp'], facts: [] })
  assert.deepEqual(shown({ ...stopped, problem: 'Start it.' }), { words: ['stopped', 'Start it.'], facts: [] })
})

test('each text is there in each language, and is said somewhere', () => {
  const en = Object.keys(texts('en'))
  assert.deepEqual(Object.keys(texts('de')), en)
  assert.deepEqual([...asked, 'name', 'description'].sort(), [...en].sort())
})
