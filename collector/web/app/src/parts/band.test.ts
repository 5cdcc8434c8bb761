import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ActivityRow, TimelineReport } from '../contract/gen/dayline/admin/v1/admin_pb'
import { blockMarks, dayOf, episodeMarks, instantOf, markAt, minus, packed, type Mark } from './band'

const monday = dayOf({ beginsAt: '2026-03-02T00:00:00.000+01:00', endsAt: '2026-03-03T00:00:00.000+01:00', clocksChangeAt: '' })
const at = (clock: string) => Date.parse(`2026-03-02T${clock}:00+01:00`)
const clock = (ms: number) => instantOf(monday, ms).slice(11, 16)
const spans = (list: { from: number; to: number }[]) => list.map((span) => `${clock(span.from)}-${clock(span.to)}`).join(' ')

const block = (start: string, minutes: number, status = 'productive') => ({ start: `2026-03-02T${start}:00.000+01:00`, seconds: minutes * 60, status })
const gap = (start: string, minutes: number, reason: string) => ({ start: `2026-03-02T${start}:00.000+01:00`, seconds: minutes * 60, reason })
const row = (start: string, minutes: number, state = 'active') => ({ start: `2026-03-02T${start}:00.000+01:00`, seconds: minutes * 60, state }) as ActivityRow
const report = {
  blocks: [block('09:00', 15), block('09:15', 15, ''), block('09:30', 15, 'undefined')],
  gaps: [gap('00:00', 545, 'off'), gap('09:10', 25, 'locked'), gap('09:45', 855, 'inactive')],
} as unknown as TimelineReport

test('a day has the hours it has, and shows its own clock', () => {
  const spring = dayOf({ beginsAt: '2026-03-29T00:00:00.000+01:00', endsAt: '2026-03-30T00:00:00.000+02:00', clocksChangeAt: '2026-03-29T03:00:00.000+02:00' })
  assert.equal((spring.to - spring.from) / 3_600_000, 23)
  assert.equal(instantOf(spring, spring.from + 2 * 3_600_000 - 1), '2026-03-29T01:59:59.999+01:00')
  assert.equal(instantOf(spring, spring.from + 2 * 3_600_000), '2026-03-29T03:00:00.000+02:00')
  const autumn = dayOf({ beginsAt: '2026-11-01T00:00:00.000-04:00', endsAt: '2026-11-02T00:00:00.000-05:00', clocksChangeAt: '2026-11-01T01:00:00.000-05:00' })
  assert.equal((autumn.to - autumn.from) / 3_600_000, 25)
  assert.equal(instantOf(autumn, autumn.from + 2 * 3_600_000), '2026-11-01T01:00:00.000-05:00')
})

test('a block is drawn where no gap is, and one that is all locked is no block', () => {
  const marks = blockMarks(report)
  assert.equal(marks.map((mark) => mark.kind).join(' '), 'gap block gap block gap')
  assert.equal(spans(marks.flatMap((mark) => (mark.kind === 'block' ? mark.pieces : []))), '09:05-09:10 09:35-09:45')
  assert.equal(spans(minus({ from: at('10:00'), to: at('11:00') }, [{ from: at('10:10'), to: at('10:20') }, { from: at('10:50'), to: at('12:00') }])), '10:00-10:10 10:20-10:50')
  assert.deepEqual(minus({ from: 0, to: 10 }, [{ from: 0, to: 10 }]), [])
})

test('episodes stand for blocks, and what only blocks know stays', () => {
  const marks = episodeMarks(monday, report, [row('09:35', 10), row('09:10', 25, 'locked')])
  assert.equal(marks.map((mark) => `${mark.kind} ${clock(mark.from)}`).join(', '), 'gap 00:00, block 09:05, gap 09:10, episode 09:35, gap 09:45')
})

test('episodes at once are in lanes under each other, others have the whole height', () => {
  const lanes = (rows: ActivityRow[]) =>
    packed(monday, rows).map((mark) => (mark.kind === 'episode' ? `${clock(mark.from)} ${mark.lane}/${mark.lanes}` : '')).join(', ')
  assert.equal(lanes([row('09:00', 30), row('09:30', 30), row('10:00', 10)]), '09:00 0/1, 09:30 0/1, 10:00 0/1')
  assert.equal(lanes([row('09:00', 30), row('09:10', 10), row('09:20', 20), row('09:40', 5)]), '09:00 0/2, 09:10 1/2, 09:20 1/2, 09:40 0/1')
  assert.equal(lanes([row('09:00', 30), row('09:05', 30), row('09:10', 5)]), '09:00 0/3, 09:05 1/3, 09:10 2/3')
})

test('what reaches over midnight is cut there', () => {
  const [mark] = packed(monday, [{ ...row('23:50', 20) }])
  assert.equal(mark!.to, monday.to)
})

test('every mark has a name of its own, also of those that begin at once', () => {
  const marks = episodeMarks(monday, report, [row('09:35', 10), row('09:35', 5)])
  assert.equal(new Set(marks.map((mark) => mark.at)).size, marks.length)
  for (const mark of marks) assert.equal(markAt(marks, mark.at), mark)
})

test('pointing finds what is drawn there, else the nearest within reach', () => {
  const marks = blockMarks(report)
  const kind = (mark: Mark | undefined) => mark && `${mark.kind} ${clock(mark.from)}`
  assert.equal(kind(markAt(marks, at('09:07'), 1)), 'block 09:05')
  assert.equal(kind(markAt(marks, at('09:20'), 1)), 'gap 09:10')
  const two = episodeMarks(monday, report, [row('09:35', 10), row('09:37', 5)])
  assert.equal(kind(markAt(two, at('09:38'), 1, 0.2)), 'episode 09:35')
  assert.equal(kind(markAt(two, at('09:38'), 1, 0.7)), 'episode 09:37')
  const lone = blockMarks({ blocks: report.blocks.slice(0, 1), gaps: [] })
  assert.equal(markAt(lone, at('09:20'), 60_000), undefined)
  assert.equal(kind(markAt(lone, at('09:20'), 6 * 60_000)), 'block 09:00')
})
