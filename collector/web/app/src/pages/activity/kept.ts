// What was shown of the log last, so that coming back finds it at the place it was left.

import type { ActivityRow } from '../../contract/gen/dayline/admin/v1/admin_pb'

/** Shown is a part of the log, from its newest row on. */
export interface Shown {
  rows: ActivityRow[]
  /** Empty: these are all. */
  next: string
  zone: string
  /** How far down the page was, in CSS pixels; 0 for what is asked for the first time. */
  scroll: number
}

/** keptFor is how long it is kept: a look goes on for as long without being another one. */
const keptFor = 10 * 60_000

let kept: { mark: string; whose: string; at: number; shown: Shown } | undefined

let marked = 0

/** markEntry marks the browser's entry of the history, for keep. */
export function markEntry(): string {
  const mark = `${performance.timeOrigin} ${++marked}`
  history.replaceState({ log: mark }, '')
  return mark
}

/** keep remembers what was shown at a marked entry, to a user. */
export function keep(mark: string, whose: string, shown: Shown, at = Date.now()) {
  kept = { mark, whose, at, shown }
}

/** recall gives what was shown at the entry that the browser is at, if it came back to it. */
export function recall(whose: string, at = Date.now()): Shown | undefined {
  const mark = (history.state as { log?: string } | null)?.log
  if (!kept || kept.mark !== mark || kept.whose !== whose || at - kept.at > keptFor) return undefined
  return kept.shown
}
