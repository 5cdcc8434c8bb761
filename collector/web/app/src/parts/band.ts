// A person's day as marks on a line of time. Instants are milliseconds since 1970; nothing here knows the screen or the clock.

import type { ActivityRow, TimelineBlock, TimelineGap, TimelineReport } from '../contract/gen/dayline/admin/v1/admin_pb'

const minute = 60_000

/** A stretch of time; its end is not in it. */
export interface Span {
  from: number
  to: number
}

/** A day of 23 to 25 hours, with the offsets that its clocks have. */
export interface Day extends Span {
  /** As RFC 3339 writes it: "+01:00". */
  offset: string
  /** Where the clocks change. */
  change?: { at: number; offset: string }
}

const offsetOf = (instant: string) => (instant.endsWith('Z') ? '+00:00' : instant.slice(-6))

/** dayOf reads where a timeline's day begins and ends. */
export function dayOf(report: Pick<TimelineReport, 'beginsAt' | 'endsAt' | 'clocksChangeAt'>): Day {
  const day: Day = { from: Date.parse(report.beginsAt), to: Date.parse(report.endsAt), offset: offsetOf(report.beginsAt) }
  const change = report.clocksChangeAt
  if (change) day.change = { at: Date.parse(change), offset: offsetOf(change) }
  return day
}

/** instantOf writes an instant as the day's clocks show it. */
export function instantOf(day: Day, at: number): string {
  const offset = day.change && at >= day.change.at ? day.change.offset : day.offset
  return new Date(at + ahead(offset)).toISOString().slice(0, 23) + offset
}

/** ahead is how many milliseconds an offset is ahead of UTC. */
function ahead(offset: string): number {
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6))
  return (offset.startsWith('-') ? -minutes : minutes) * minute
}

/** Mark is one thing on the line that can be chosen. `at` names it: no two have the same, and it rises. */
export type Mark = Span & { at: number } & (
    | { kind: 'block'; block: TimelineBlock; pieces: Span[] }
    | { kind: 'gap'; gap: TimelineGap }
    | { kind: 'episode'; row: ActivityRow; lane: number; lanes: number }
  )

const spanOf = (start: string, seconds: number): Span => {
  const from = Date.parse(start)
  return { from, to: from + seconds * 1000 }
}

/** minus is what is left of a span without others. */
export function minus(span: Span, taken: Span[]): Span[] {
  let left = [span]
  for (const other of taken) {
    if (other.to <= span.from || other.from >= span.to) continue
    left = left.flatMap((piece) => [
      { from: piece.from, to: Math.min(piece.to, other.from) },
      { from: Math.max(piece.from, other.to), to: piece.to },
    ]).filter((piece) => piece.to > piece.from)
  }
  return left
}

/**
 * blockMarks are the blocks of a day and the gaps between. A block is drawn where no gap is: gaps are told to the second, blocks
 * only sum up what lies in them.
 */
export function blockMarks(report: Pick<TimelineReport, 'blocks' | 'gaps'>): Mark[] {
  const gaps = gapMarks(report.gaps)
  return named([...gaps, ...blocksWithout(report.blocks, gaps)])
}

/**
 * episodeMarks are the single episodes of a day and the gaps. What blocks tell and no episode does, such as an episode that
 * began the day before, stays a block.
 */
export function episodeMarks(day: Day, report: Pick<TimelineReport, 'blocks' | 'gaps'>, rows: ActivityRow[]): Mark[] {
  const gaps = gapMarks(report.gaps)
  const episodes = packed(day, rows.filter((row) => row.state !== 'locked'))
  const blocks = blocksWithout(report.blocks, [...gaps, ...episodes]).filter((mark) => mark.to - mark.from >= minute)
  return named([...gaps, ...episodes, ...blocks])
}

function gapMarks(gaps: TimelineGap[]): Mark[] {
  return gaps.map((gap) => ({ kind: 'gap', gap, at: 0, ...spanOf(gap.start, gap.seconds) }))
}

function blocksWithout(blocks: TimelineBlock[], taken: Span[]): Mark[] {
  const marks: Mark[] = []
  for (const block of blocks) {
    if (!block.status) continue // locked through and through: a gap says so
    const pieces = minus(spanOf(block.start, block.seconds), taken)
    if (pieces.length) marks.push({ kind: 'block', block, pieces, at: 0, from: pieces[0]!.from, to: pieces.at(-1)!.to })
  }
  return marks
}

/** packed puts episodes that were at once, on several devices or in several sessions, into lanes under each other. */
export function packed(day: Day, rows: ActivityRow[]): Mark[] {
  const episodes = rows
    .map((row) => ({ row, ...spanOf(row.start, row.seconds) }))
    .map((episode) => ({ ...episode, from: Math.max(episode.from, day.from), to: Math.min(episode.to, day.to) }))
    .filter((episode) => episode.to > episode.from)
    .sort((a, b) => a.from - b.from || b.to - a.to)
  const marks: Mark[] = []
  let together: Extract<Mark, { kind: 'episode' }>[] = []
  let ends: number[] = [] // of the last episode in each lane
  const settle = () => {
    for (const mark of together) mark.lanes = ends.length
    together = []
    ends = []
  }
  for (const { row, from, to } of episodes) {
    // Starts are told to the millisecond, lengths are not: what overlaps by less than a second follows.
    const free = ends.findIndex((end) => end <= from + 1000)
    if (ends.every((end) => end <= from + 1000)) settle()
    const lane = ends.length === 0 ? 0 : free >= 0 ? free : ends.length
    ends[lane] = to
    const mark = { kind: 'episode' as const, row, from, to, at: 0, lane, lanes: 1 }
    together.push(mark)
    marks.push(mark)
  }
  settle()
  return marks
}

/** named orders marks and gives each a name of its own. */
function named(marks: Mark[]): Mark[] {
  marks.sort((a, b) => a.from - b.from || a.to - b.to)
  let last = -Infinity
  for (const mark of marks) last = mark.at = Math.max(mark.from, last + 1)
  return marks
}

/** covers tells whether a mark is drawn at an instant: between the pieces of a block it is not. */
function covers(mark: Mark, at: number): boolean {
  const spans = mark.kind === 'block' ? mark.pieces : [mark]
  return spans.some((span) => span.from <= at && at < span.to)
}

/**
 * markAt is the mark of that name, else the one drawn at an instant, or the nearest within `reach`. Of episodes at once it is the
 * one at `height`, 0 at the top to 1.
 */
export function markAt(marks: Mark[], at: number, reach = 0, height = 0): Mark | undefined {
  const there = marks.filter((mark) => covers(mark, at))
  const exact = marks.find((mark) => mark.at === at)
  if (exact && reach === 0) return exact
  if (there.length) return there.find((mark) => mark.kind === 'episode' && Math.floor(height * mark.lanes) === mark.lane) ?? there.at(-1)
  let nearest: Mark | undefined
  let away = reach
  for (const mark of marks) {
    const distance = Math.max(mark.from - at, at - mark.to)
    if (distance <= away) [nearest, away] = [mark, distance]
  }
  return nearest
}
