import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayOf, type Mark } from './band'
import { fitting, leastView, panned, pinched, readTime, readView, showing, ticks, within, writeTime, writeView, zoomed } from './zoom'

const hour = 3_600_000
const day = dayOf({ beginsAt: '2026-03-02T00:00:00.000+01:00', endsAt: '2026-03-03T00:00:00.000+01:00', clocksChangeAt: '' })
const view = (from: number, to: number) => ({ from: day.from + from * hour, to: day.from + to * hour })
const hours = (span: { from: number; to: number }) => [(span.from - day.from) / hour, (span.to - day.from) / hour]

test('zooming keeps its place, the day’s borders, and a least length', () => {
  assert.deepEqual(hours(zoomed(view(8, 16), day, 0.5)), [10, 14])
  assert.deepEqual(hours(zoomed(view(8, 16), day, 0.5, day.from + 8 * hour)), [8, 12])
  assert.deepEqual(hours(zoomed(view(1, 5), day, 3)), [0, 12])
  assert.deepEqual(hours(zoomed(view(8, 16), day, 9)), [0, 24])
  const least = zoomed(view(9, 9.2), day, 0.01)
  assert.ok(Math.abs(least.to - least.from - leastView) < 1)
})

test('panning stops at midnight', () => {
  assert.deepEqual(hours(panned(view(8, 12), day, 0.5)), [10, 14])
  assert.deepEqual(hours(panned(view(22, 24), day, 1)), [22, 24])
  assert.deepEqual(hours(within(view(-3, 30), day)), [0, 24])
})

test('what is under two fingers stays under them', () => {
  const pinch = pinched(view(8, 16), day, [day.from + 10 * hour, day.from + 12 * hour], [0.25, 0.75])
  assert.deepEqual(hours(pinch), [9, 13])
  assert.deepEqual(hours(pinched(view(8, 16), day, [day.from, day.to], [0.5, 0.5])), [8, 16])
})

test('a mark is brought into view, no further than it has to', () => {
  assert.deepEqual(hours(showing(view(8, 12), day, view(9, 10))), [8, 12])
  assert.deepEqual(hours(showing(view(8, 12), day, view(0, 8.5))), [8, 12])
  assert.deepEqual(hours(showing(view(8, 12), day, view(4, 8.2))), [3.84, 7.84])
  assert.deepEqual(hours(showing(view(8, 12), day, view(12, 13))), [9.16, 13.16])
  assert.deepEqual(hours(showing(view(8, 12), day, view(6, 7))), [5.84, 9.84])
})

test('a day fits around what was, in whole hours', () => {
  const mark = (from: number, to: number, kind = 'block') => ({ ...view(from, to), kind }) as Mark
  assert.deepEqual(hours(fitting(day, [mark(0, 8.3, 'gap'), mark(8.3, 12), mark(13, 17.2), mark(17.2, 24, 'gap')])), [7, 19])
  assert.deepEqual(hours(fitting(day, [mark(12.2, 12.4)])), [8.5, 16.5])
  assert.deepEqual(hours(fitting(day, [mark(0, 24, 'gap')])), [0, 24])
})

test('the scale is by the clock on the wall, on days of 23 and 25 hours too', () => {
  const labels = (d: typeof day, v = d as { from: number; to: number }, width = 1000) => ticks(d, v, width, 62).map((tick) => tick.instant.slice(11, 16)).join(' ')
  assert.equal(labels(day, view(9, 10), 500), '09:00 09:10 09:20 09:30 09:40 09:50 10:00')
  assert.equal(labels(day, day, 400), '00:00 04:00 08:00 12:00 16:00 20:00 00:00')
  const spring = dayOf({ beginsAt: '2026-03-29T00:00:00.000+01:00', endsAt: '2026-03-30T00:00:00.000+02:00', clocksChangeAt: '2026-03-29T03:00:00.000+02:00' })
  assert.equal(labels(spring, { from: spring.from, to: spring.from + 4 * hour }), '00:00 00:15 00:30 00:45 01:00 01:15 01:30 01:45 03:00 03:15 03:30 03:45 04:00 04:15 04:30 04:45 05:00')
  assert.equal(labels(spring, spring, 800), '00:00 04:00 06:00 08:00 10:00 12:00 14:00 16:00 18:00 20:00 22:00 00:00')
  const autumn = dayOf({ beginsAt: '2026-10-25T00:00:00.000+02:00', endsAt: '2026-10-26T00:00:00.000+01:00', clocksChangeAt: '2026-10-25T02:00:00.000+01:00' })
  assert.equal(labels(autumn, { from: autumn.from, to: autumn.from + 5 * hour }, 400), '00:00 01:00 02:00 02:00 03:00 04:00')
})

test('a view and an instant are the same after the address', () => {
  assert.equal(writeView(day, view(8.5, 10.25)), '08.30-10.15')
  assert.deepEqual(readView(day, '08.30-10.15'), view(8.5, 10.25))
  const odd = day.from + 9 * hour + 12 * 60_000 + 4_120
  assert.equal(writeTime(day, odd), '09.12.04.120')
  assert.equal(readTime(day, '09.12.04.120'), odd)
  for (const wrong of ['', 'x', '10.00', '11.00-10.00', '-', '08:30-10:15']) assert.equal(readView(day, wrong), undefined)
})
