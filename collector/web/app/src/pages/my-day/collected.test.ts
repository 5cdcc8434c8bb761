import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PersonSetting } from '../../contract/gen/dayline/admin/v1/admin_pb'
import { meaningsOf, secondsOf, sourceText } from './collected'

Object.assign(globalThis, { localStorage: { getItem: () => 'en' }, navigator: { languages: [] } })

const settings = (values: Record<string, string>) =>
  Object.entries(values).map(([key, value]) => ({ key, value, source: 'default', device: 'd', login: 'l' }) as PersonSetting)
const words = (values: Record<string, string>) => meaningsOf(settings(values)).map((meaning) => meaning.words).join(' ')

test('settings are said as what they mean for a person', () => {
  assert.match(words({ tracked: 'true', 'privacy.titles': 'false', 'privacy.urls': 'host' }), /no(t)? kept.*the site is kept/)
  assert.match(words({ 'privacy.redact': "['a, b', c]" }), /fits 2 patterns/)
  assert.equal(words({ 'privacy.redact': '[]' }), '')
  assert.match(words({ 'passive.start': '2m', 'passive.stop': '5m' }), /After 2 min .*for 5 min at most/)
  assert.match(words({ 'passive.stop': 'indefinitely' }), /until there is input/)
  assert.match(words({ 'passive.stop': '0s' }), /not recorded/)
})

test('of whom nothing is collected, nothing else is said', () => {
  assert.equal(words({ tracked: 'false', 'privacy.titles': 'true' }), 'Nothing is collected of you here.')
})

test('it is said whether addresses are read off windows, and which setting decides', () => {
  const browsers = { 'privacy.urls': 'host', 'browsers.unknown_private': 'title', 'browsers.accessibility': 'true' }
  const decides = (values: Record<string, string>) =>
    meaningsOf(Object.entries({ ...browsers, ...values }).map(([key, value]) => ({ key, value, source: key }) as PersonSetting)).at(-1)
  assert.match(decides({})!.words, /browser in front is asked for the address/)
  assert.equal(decides({})!.source, 'browsers.accessibility')
  assert.match(decides({ 'browsers.accessibility': 'false' })!.words, /no address is read off its window/)
  assert.match(decides({ 'browsers.unknown_private': 'blank' })!.words, /no address is read off its window/)
  assert.equal(decides({ 'browsers.unknown_private': 'blank' })!.source, 'browsers.unknown_private')
  assert.doesNotMatch(words({ ...browsers, 'privacy.urls': 'none' }), /extension/)
})

test('a schedule is said day by day', () => {
  assert.equal(words({ schedule: 'always' }), 'At any time of day.')
  const office = { schedule: 'office', 'schedules.office.mon': "['08:00-12:00', '13:00-18:00']", 'schedules.office.sun': '[]' }
  assert.equal(words(office), 'Only within these hours: Mon 08:00–12:00, 13:00–18:00.')
  assert.match(words({ schedule: 'never' }), /At no time/)
})

test('lengths and sources are read as the files write them', () => {
  assert.equal(secondsOf('1h30m'), 5400)
  assert.equal(secondsOf('90s'), 90)
  assert.equal(sourceText('account.yaml:12 (overrides[0])'), 'account.yaml, line 12: overrides[0]')
  assert.equal(sourceText('people.yaml:3'), 'people.yaml, line 3')
  assert.match(sourceText('default'), /default/)
})
