// What part of a day is in view, and how one gets from one to another.

import { instantOf, type Day, type Mark, type Span } from './band'

const minute = 60_000
const hour = 60 * minute

/** The least that can be in view. */
export const leastView = 5 * minute

const long = (span: Span) => span.to - span.from

/** within moves a view into the day, and makes it no longer than that and no shorter than can be looked at. */
export function within(view: Span, day: Span): Span {
  const length = Math.min(Math.max(long(view), leastView), long(day))
  const from = Math.min(Math.max(view.from, day.from), day.to - length)
  return { from, to: from + length }
}

/** zoomed makes a view longer or shorter by a factor; what was at an instant stays where it is. */
export function zoomed(view: Span, day: Span, factor: number, at = (view.from + view.to) / 2): Span {
  const length = Math.min(Math.max(long(view) * factor, leastView), long(day))
  const from = at - ((at - view.from) / long(view)) * length
  return within({ from, to: from + length }, day)
}

/** panned moves a view by a part of its length. */
export function panned(view: Span, day: Span, part: number): Span {
  const by = part * long(view)
  return within({ from: view.from + by, to: view.to + by }, day)
}

/** pinched is the view in which two instants are at two places, 0 at the left to 1. */
export function pinched(view: Span, day: Span, instants: [number, number], places: [number, number]): Span {
  const apart = places[1] - places[0]
  if (Math.abs(apart) < 0.02) return view
  const length = (instants[1] - instants[0]) / apart
  if (length <= 0) return view
  const wanted = { from: instants[0] - places[0] * length, to: instants[0] + (1 - places[0]) * length }
  return within(wanted, day)
}

/** showing moves a view no further than it has to, so that enough of a mark is in it; a longer one is shown from its beginning. */
export function showing(view: Span, day: Span, mark: Span): Span {
  const margin = long(view) * 0.04
  const seen = Math.min(mark.to, view.to) - Math.max(mark.from, view.from)
  if (seen >= Math.min(long(mark), long(view) / 10)) return view
  const from = mark.from < view.from || long(mark) > long(view) ? mark.from - margin : mark.to + margin - long(view)
  return within({ from, to: from + long(view) }, day)
}

/** fitting is the part of a day in which anything was, in whole hours with one around it; the whole day where nothing was. */
export function fitting(day: Span, marks: Mark[]): Span {
  const some = marks.filter((mark) => mark.kind !== 'gap')
  if (some.length === 0) return { from: day.from, to: day.to }
  const first = Math.floor((some[0]!.from - day.from) / hour) - 1
  const last = Math.ceil((Math.max(...some.map((mark) => mark.to)) - day.from) / hour) + 1
  const short = Math.max(0, 8 - (last - first)) / 2
  return within({ from: day.from + (first - short) * hour, to: day.from + (last + short) * hour }, day)
}

/** A place on the scale. */
export interface Tick {
  at: number
  /** As the clock there shows it. */
  instant: string
  /** On the hour. */
  whole: boolean
}

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360]

/** ticks are the places of a scale, by the clock on the wall, as many as labels of that width have room for in `width` pixels. */
export function ticks(day: Day, view: Span, width: number, label: number): Tick[] {
  const room = Math.max(1, Math.floor(width / label))
  const step = steps.find((minutes) => long(view) / (minutes * minute) <= room) ?? 720
  // Clocks change by half an hour at the least, so that every place by the clock is a multiple of that after midnight.
  const pace = Math.min(step, 30) * minute
  const found: Tick[] = []
  for (let at = day.from + Math.ceil((view.from - day.from) / pace) * pace; at <= view.to; at += pace) {
    const instant = instantOf(day, at)
    const [h, m] = [Number(instant.slice(11, 13)), Number(instant.slice(14, 16))]
    if ((h * 60 + m) % step === 0) found.push({ at, instant, whole: m === 0 })
  }
  return found
}

/** In addresses an instant is a time since midnight, without colons since those are written as %3A: "08.30", "09.12.04.120". */
export function writeTime(day: Span, at: number): string {
  const ms = Math.round(at - day.from)
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0')
  const parts = [two(ms / hour), two((ms / minute) % 60)]
  if (ms % minute) parts.push(two((ms / 1000) % 60))
  if (ms % 1000) parts.push(String(ms % 1000).padStart(3, '0'))
  return parts.join('.')
}

export function readTime(day: Span, text: string | null): number | undefined {
  const [, h, m, s = 0, ms = 0] = /^(\d\d?)\.(\d\d)(?:\.(\d\d))?(?:\.(\d{3}))?$/.exec(text ?? '') ?? []
  return h === undefined ? undefined : day.from + Number(h) * hour + Number(m) * minute + Number(s) * 1000 + Number(ms)
}

/** A view is two of them: "08.30-10.15". */
export function writeView(day: Span, view: Span): string {
  const second = (at: number) => day.from + Math.round((at - day.from) / 1000) * 1000
  return `${writeTime(day, second(view.from))}-${writeTime(day, second(view.to))}`
}

export function readView(day: Span, text: string | null): Span | undefined {
  const [from, to] = (text ?? '').split('-').map((part) => readTime(day, part))
  return from !== undefined && to !== undefined && from < to ? within({ from, to }, day) : undefined
}
