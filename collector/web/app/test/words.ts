// How the pages are to write what the contract answers, in English: written anew here, so that a slip in the pages' own writing
// is a difference.

import type { Times } from '../src/contract/gen/dayline/admin/v1/admin_pb'

export const word: Record<string, string> = {
  active: 'with input', passive: 'no input', off: 'computer off', paused: 'paused', outside_schedule: 'outside the schedule', silent: 'agent silent',
  no_permission: 'permission missing', lost: 'recorded, but lost before it was sent', inactive: 'a session without input', not_tracked: 'not tracked',
  unknown: 'not known', no_input: 'no input for a while', locked: 'locked', '': 'not known',
}
export const statuses = ['productive', 'undefined', 'unproductive'] as const

const two = (n: number) => String(n).padStart(2, '0')
/** count: 1234 is "1,234". */
export const count = (n: number) => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',')
export const several = (n: number, one: string, more: string) => `${count(n)} ${n === 1 ? one : more}`

/** length of seconds: "40 s", "25 min", "7 h 25 min". */
export function length(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  if (seconds < 59.5) return `${Math.round(seconds)} s`
  return minutes < 60 ? `${minutes} min` : `${count(Math.floor(minutes / 60))} h ${two(minutes % 60)} min`
}

/** hours of seconds: "7:25". */
export function hours(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  return `${count(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

/** some is a length, or a dash where there is nothing. */
export const some = (seconds: number) => (seconds > 0 ? length(seconds) : '–')

/** share of 1: "12%", below a tenth "4.5%". */
export function share(part: number): string {
  const digits = part < 0.0995 ? 10 : 1
  return `${Math.round(part * 100 * digits) / digits}%`
}

/** size of bytes: "3.2 GB". */
export function size(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3))
  const n = bytes / 1000 ** power
  return `${power > 1 && n < 100 ? Math.round(n * 10) / 10 : count(n)} ${['byte', 'kB', 'MB', 'GB', 'TB'][power]}`
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
/** date: "Nov 20". */
export const date = (day: string) => `${months[Number(day.slice(5, 7)) - 1]} ${Number(day.slice(8, 10))}`
/** dayShort: "Fri, Nov 20". */
export const dayShort = (day: string) => `${weekdays[new Date(`${day.slice(0, 10)}T00:00:00Z`).getUTCDay()]}, ${date(day)}`
/** dayLong: "Fri, Nov 20, 2026". */
export const dayLong = (day: string) => `${dayShort(day)}, ${day.slice(0, 4)}`
/** daysFrom lists a range's days, both included. */
export function daysFrom(from: string, to: string): string[] {
  const days = []
  for (let at = Date.parse(from); at <= Date.parse(to); at += 86_400_000) days.push(new Date(at).toISOString().slice(0, 10))
  return days
}

/** Clock writes an instant's time of day: "17:42", "17:42:05". */
export type Clock = (instant: string, seconds?: boolean) => string

/** device is the clock where it happened, by 24 hours. */
export const device: Clock = (instant, seconds = false) => instant.slice(11, seconds ? 19 : 16)

/** twelveIn gives the clock of a zone so many hours ahead of UTC, by 12 hours: "5:42 PM". */
export const twelveIn = (ahead: number): Clock => (instant, seconds = false) => {
  if (!instant) return ''
  const at = new Date(Date.parse(instant) + ahead * 3_600_000).toISOString()
  const hour = Number(at.slice(11, 13))
  return `${hour % 12 || 12}${at.slice(13, seconds ? 19 : 16)} ${hour < 12 ? 'AM' : 'PM'}`
}

/** later gives the instant some seconds on, by the same clock. */
export function later(instant: string, seconds: number): string {
  const offset = /(Z|[+-]\d\d:\d\d)$/.exec(instant)![0]
  return new Date(Date.parse(`${instant.slice(0, -offset.length)}Z`) + seconds * 1000).toISOString().slice(0, -1) + offset
}

/** moment is an instant in the reader's own zone: "Nov 20, 2026, 17:42". */
export function moment(instant: string): string {
  if (!instant) return ''
  const at = new Date(instant)
  return `${months[at.getMonth()]} ${at.getDate()}, ${at.getFullYear()}, ${two(at.getHours())}:${two(at.getMinutes())}`
}

/** ago, of what was less than a day ago, as of some time. */
export function ago(instant: string, now = Date.now()): string {
  const minutes = Math.floor((now - Date.parse(instant)) / 60_000)
  if (minutes < 1) return 'this minute'
  return minutes < 60 ? `${several(minutes, 'minute', 'minutes')} ago` : `${several(Math.floor(minutes / 60), 'hour', 'hours')} ago`
}

/** classes gives the seconds of each class with and without input; undefined where they are not told apart. */
export function classes(times: Times): [active: number, passive: number][] | undefined {
  const all: [number, number][] = [
    [times.productiveActive, times.productivePassive], [times.undefinedActive, times.undefinedPassive], [times.unproductiveActive, times.unproductivePassive],
  ]
  return times.total > 0 && all.flat().every((seconds) => seconds === 0) ? undefined : all
}

/** bar is what is read out of a bar of times. */
export function bar(times: Times): string {
  const told = classes(times)
  if (!told) return barOf('', times.active, times.passive)
  return told.map(([active, passive], i) => barOf(statuses[i]!, active, passive)).filter(Boolean).join('; ')
}

/** barOf is the same of one class. */
export function barOf(status: string, active: number, passive: number): string {
  const said = (state: string, seconds: number) => (seconds > 0 ? [`${status ? `${status}, ` : ''}${word[state]}: ${length(seconds)}`] : [])
  return [...said('active', active), ...said('passive', passive)].join('; ')
}

/** joined puts words one after the other, as a page's text has them. */
export const joined = (...parts: (string | false | undefined)[]) => parts.filter(Boolean).join(' ')

/** byName orders as the pages do where they order by name. */
export const byName = <Row>(rows: Row[], name: (row: Row) => string) =>
  rows.toSorted((a, b) => new Intl.Collator('en', { numeric: true, sensitivity: 'base' }).compare(name(a), name(b)))
/** byMost orders from the largest on; what is equal stays as it was. */
export const byMost = <Row>(rows: Row[], amount: (row: Row) => number) => rows.toSorted((a, b) => amount(b) - amount(a))
