// What is said of a mark on a day's line.

import { length } from '../format/amount'
import { timeOfDay } from '../format/clock'
import { say, sayWord } from '../text/text'
import type { Mark } from './band'

/** optionOf is the id of a mark's option in the list of that name. */
export function optionOf(list: string, mark: Mark): string {
  return `${list}-${mark.at}`
}

/** ended gives an instant that lies some seconds after another, written with the same offset. */
export function ended(start: string, seconds: number): string {
  const offset = start.slice(23)
  const sign = offset.startsWith('-') ? -1 : 1
  const ahead = offset === 'Z' ? 0 : sign * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6))) * 60_000
  return new Date(Date.parse(start) + seconds * 1000 + ahead).toISOString().slice(0, 23) + offset
}

/** whenOf is from when to when: of single episodes to the second. */
export function whenOf(mark: Mark): { start: string; end: string; seconds: number } {
  const told = mark.kind === 'gap' ? mark.gap : mark.kind === 'block' ? mark.block : mark.row
  const seconds = mark.kind === 'episode'
  return { start: timeOfDay(told.start, { seconds }), end: timeOfDay(ended(told.start, told.seconds), { seconds }), seconds: told.seconds }
}

/** whatOf is a gap's reason, else a class; of an episode also whether there was input. */
export function whatOf(mark: Mark): string {
  if (mark.kind === 'gap') return sayWord('states', mark.gap.reason)
  if (mark.kind === 'block') return sayWord('states', mark.block.status)
  return `${sayWord('states', mark.row.status || 'undefined')}, ${sayWord('states', mark.row.state)}`
}

/** titleOf is a mark in few words: "09:30 – 09:45, productive". */
export function titleOf(mark: Mark): string {
  const { start, end } = whenOf(mark)
  return `${say('person.span', { start, end })}, ${whatOf(mark)}`
}

/** detailsOf are the facts below a mark's title, each a phrase. */
export function detailsOf(mark: Mark): string[] {
  const facts: string[] = []
  if (mark.kind === 'block') {
    const times = mark.block.times
    if (times?.active) facts.push(`${sayWord('states', 'active')} ${length(times.active)}`)
    if (times?.passive) facts.push(`${sayWord('states', 'passive')} ${length(times.passive)}`)
    if (mark.block.lockedSeconds) facts.push(`${sayWord('states', 'locked')} ${length(mark.block.lockedSeconds)}`)
  } else {
    facts.push(length(whenOf(mark).seconds))
    if (mark.kind === 'episode' && mark.row.open) facts.push(say('person.open'))
  }
  return facts
}

/** placeOf is what was in front: application, site or address or why there is none, title; of a block the application and site of most of it. */
export function placeOf(mark: Mark): { app: string; site: string; title: string } {
  if (mark.kind === 'gap') return { app: '', site: '', title: '' }
  if (mark.kind === 'block') return { app: mark.block.product || mark.block.app, site: mark.block.site, title: '' }
  const { product, app, url, site, title, addressUnavailable: why } = mark.row
  return { app: product || app, site: url || site || (why && say('activity.noAddressWhy', { why })), title: mark.row.private ? say('person.private') : title }
}
