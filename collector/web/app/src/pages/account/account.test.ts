import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { AccountKeySchema, type AccountKey } from '../../contract/gen/dayline/admin/v1/admin_pb'
import { defaulted, drafted, editsOf, kept, type Drafts } from './draft'
import { moved, nestedOf, overrideOf } from './override'
import { flawOfRollout, planOf, planText } from './rollout'
import { backwards, daysOf, minutesOfWeek, weekOf } from './schedule'
import { bytesOf, flawOf, measureOf, secondsOf, unitsOf } from './value'

const key = (name: string, value: unknown, more: MessageInitShape<typeof AccountKeySchema> = {}): AccountKey =>
  create(AccountKeySchema, { key: name, value: JSON.stringify(value), default: JSON.stringify('2m'), set: true, ...more } as MessageInitShape<typeof AccountKeySchema>)
const start = key('passive.start', '3m')
const urls = key('privacy.urls', 'host', { set: false, default: '"host"' })
const schedule = key('schedule', { default: 'always', groups: [] })

test('a draft is what differs from the file, and nothing once it does not', () => {
  let drafts: Drafts = drafted({}, start, '4m')
  drafts = drafted(drafts, schedule, { groups: [], default: 'always' })
  assert.deepEqual(Object.keys(drafts), ['passive.start'])
  assert.deepEqual(drafted(drafts, start, '3m'), {})
})

test('back to the default takes a key out of the file, and only one that is there', () => {
  assert.deepEqual(defaulted(drafted({}, start, '4m'), start), { 'passive.start': { value: '2m', unset: true } })
  assert.deepEqual(defaulted(drafted({}, urls, 'full'), urls), {})
})

test('drafts become edits in the order of the keys, values as JSON', () => {
  const drafts = defaulted(drafted(drafted({}, urls, 'full'), schedule, { default: 'office' }), start)
  assert.deepEqual(editsOf(drafts, [start, urls, schedule]), [
    { key: 'passive.start', unset: true },
    { key: 'privacy.urls', value: '"full"' },
    { key: 'schedule', value: '{"default":"office"}' },
  ])
})

test('after the file has changed only drafts stay that still change something', () => {
  const drafts = drafted(drafted({}, start, '4m'), urls, 'full')
  assert.deepEqual(Object.keys(kept(drafts, [key('passive.start', '4m'), urls])), ['privacy.urls'])
  assert.deepEqual(Object.keys(kept(defaulted({}, start), [key('passive.start', '5m')])), ['passive.start'])
  assert.deepEqual(kept(defaulted({}, start), [key('passive.start', '2m', { set: false })]), {})
})

test('lengths and sizes are read as the file writes them', () => {
  assert.deepEqual(['2m', '1h30m', '1500ms', '0m', '2', 'm', '-2m', '2 m', ''].map(secondsOf), [120, 5400, 1.5, 0, NaN, NaN, NaN, NaN, NaN])
  assert.deepEqual(['64MB', '3 GB', '1KiB', '5', 'GB'].map(bytesOf), [64e6, 3e9, 1024, NaN, NaN])
})

test('a value is taken apart for its fields, whatever was typed so far', () => {
  const parts = (kind: string, text: string) => Object.values(measureOf(kind, text)).join(' ')
  assert.deepEqual(
    [parts('duration', '2m'), parts('duration', '1h30m'), parts('duration', 'm'), parts('duration', '2.5s'), parts('size', '64MB'), parts('size', '')],
    ['2 m', '90 m', ' m', '2.5 s', '64 MB', ' GB'],
  )
})

test('units are those between the bounds, and the value’s own', () => {
  const spec = (kind: string, min: string, max: string) => key('k', '', { kind, min, max })
  assert.deepEqual(unitsOf(spec('duration', '1m', '10m'), 'm'), ['m'])
  assert.deepEqual(unitsOf(spec('duration', '1s', '10m'), 's'), ['s', 'm'])
  assert.deepEqual(unitsOf(spec('duration', '1h', '168h'), 'm'), ['m', 'h'])
  assert.deepEqual(unitsOf(spec('size', '1MB', '4GB'), 'MB'), ['MB', 'GB'])
  assert.deepEqual(unitsOf(spec('size', '1B', ''), 'GB'), ['MB', 'GB', 'TB'])
})

test('what may not stand at a key is told by the bounds that the collector gives', () => {
  const stop = key('passive.stop', '5m', { kind: 'duration', min: '0m', max: '30m', step: '1m', words: ['indefinitely'] })
  const flaws = (spec: AccountKey, values: unknown[]) => values.map((value) => flawOf(spec, value)?.say.slice('account.flaw'.length))
  assert.deepEqual(flaws(stop, ['0m', '30m', 'indefinitely', '31m', '90s', 'm', 'never']), [undefined, undefined, undefined, 'Range', 'Step', 'Number', 'Number'])
  const days = key('retention.days', 180, { kind: 'number', min: '0', max: '36500' })
  assert.deepEqual(flaws(days, [0, 36500, 36501, -1, 1.5, '']), [undefined, undefined, 'Range', 'Range', 'Number', 'Number'])
  const limit = key('storage.limit', 'none', { kind: 'size', min: '1B', words: ['none'] })
  assert.deepEqual(flaws(limit, ['none', '3GB', '0GB', 'GB']), [undefined, undefined, 'Range', 'Number'])
  const words = key('privacy.redact', [], { kind: 'words', min: '0', max: '2' })
  assert.deepEqual(flaws(words, [[], ['a'], ['a', ' '], ['a', 'b', 'c']]), [undefined, undefined, 'Empty', 'Many'])
  const linux = key('updates.linux', 'latest', { kind: 'version', words: ['latest', 'paused', 'off'] })
  assert.deepEqual(flaws(linux, ['off', { pinned: '1.4.2' }, { pinned: '1.4.2-rc.1' }, { pinned: '' }, { pinned: '1.4' }, 'newest']), [undefined, undefined, undefined, 'Version', 'Version', 'Version'])
  assert.deepEqual(flaws(key('reports.clock', '24h', { kind: 'word', words: ['24h', '12h'] }), ['12h', '13h']), [undefined, 'Word'])
})

test('a plan is read as it is typed, and has to rise', () => {
  assert.deepEqual(['1, 10, 50, 100', '5;100', ' 20 ', ''].map(planOf), [[1, 10, 50, 100], [5, 100], [20], []])
  assert.equal(planText([1, 100]), '1, 100')
  const flaw = (plan: number[], every = '24h', halt = 5) => flawOfRollout({ plan, every, halt })?.say.slice('account.flaw'.length)
  assert.deepEqual([flaw([1, 10, 100]), flaw([40])], [undefined, undefined])
  assert.deepEqual([[], [10, 1], [1, 1], [0, 50], [50, 101], [1.5], planOf('ten')].map((plan) => flaw(plan)), Array(7).fill('Plan'))
  assert.deepEqual([flaw([1], '721h'), flaw([1], '30s'), flaw([1], '24h', 0), flaw([1], '24h', 101)], ['Every', 'Every', 'Halt', 'Halt'])
})

test('a schedule is the same week as a grid and in the file', () => {
  const days = { 'mon-fri': ['13:00-18:00', '08:00-12:00'], sat: ['10:00-24:00'] }
  const week = weekOf(days)
  assert.deepEqual(week[0], [{ from: 480, to: 720 }, { from: 780, to: 1080 }])
  assert.deepEqual(week[5], [{ from: 600, to: 1440 }])
  assert.deepEqual(daysOf(week), { 'mon-fri': ['08:00-12:00', '13:00-18:00'], sat: ['10:00-24:00'] })
})

test('days may wrap around the week, and stand under several keys', () => {
  assert.deepEqual(daysOf(weekOf({ 'sat-mon': ['08:00-09:00'], mon: ['10:00-11:00'] })), { mon: ['08:00-09:00', '10:00-11:00'], 'sat-sun': ['08:00-09:00'] })
  assert.deepEqual(daysOf(weekOf({})), {})
})

test('time of a week counts once where spans overlap, and spans have to go forward', () => {
  assert.equal(minutesOfWeek(weekOf({ 'mon-tue': ['08:00-12:00', '10:00-13:00'] })), 600)
  assert.equal(backwards([[{ from: 600, to: 600 }], [], [], [], [], [], []]), true)
  assert.equal(backwards(weekOf({ mon: ['08:00-09:00'] })), false)
})

test('an override is rows, and the file’s nesting again', () => {
  const nested = { devices: ['d-1'], passive: { stop: '0m' }, settle: '1s', privacy: { titles: false } }
  const override = overrideOf(nested, ['passive.start', 'passive.stop', 'settle', 'privacy.titles'])
  assert.deepEqual(override, { devices: ['d-1'], groups: [], values: { 'passive.stop': '0m', settle: '1s', 'privacy.titles': false } })
  assert.deepEqual(nestedOf(override), nested)
})

test('an item moves by one place', () => {
  assert.deepEqual([moved(['a', 'b', 'c'], 2, -1), moved(['a', 'b', 'c'], 0, 1)], [['a', 'c', 'b'], ['b', 'a', 'c']])
})
