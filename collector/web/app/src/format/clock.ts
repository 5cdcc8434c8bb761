// How times of day and days are written. Times come from the contract with the offset of where they happened, and are
// written as the clock there showed them.

import { language } from '../text/language'

let hour12 = false
let zone = 'device'

/** setClock takes over the account's clock ("24h" or "12h") and time zone ("device" or an IANA zone). */
export function setClock(clock: string, timeZone: string) {
  hour12 = clock === '12h'
  zone = timeZone || 'device'
}

const made = new Map<string, Intl.DateTimeFormat>()

function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language() + JSON.stringify(options)
  let found = made.get(key)
  if (!found) made.set(key, (found = new Intl.DateTimeFormat(language(), options)))
  return found
}

/** wallOf gives an RFC 3339 instant's own wall clock as if it were UTC, or in the account's zone where one is set. */
function wallOf(instant: string): { at: Date; timeZone: string } {
  if (zone !== 'device') return { at: new Date(instant), timeZone: zone }
  return { at: new Date(instant.slice(0, 19) + 'Z'), timeZone: 'UTC' }
}

/** timeOfDay writes "17:42" or "5:42 PM". */
export function timeOfDay(instant: string, { seconds = false } = {}): string {
  if (!instant) return ''
  const { at, timeZone } = wallOf(instant)
  return format({ hour: hour12 ? 'numeric' : '2-digit', minute: '2-digit', second: seconds ? '2-digit' : undefined, hour12, timeZone }).format(at)
}

/** hourOfDay writes the hour of a scale: "17" or "5 PM". */
export function hourOfDay(hour: number): string {
  if (!hour12) return String(hour).padStart(2, '0')
  return format({ hour: 'numeric', hour12: true, timeZone: 'UTC' }).format(new Date(Date.UTC(2000, 0, 1, hour)))
}

/** minutesOfDay tells how many minutes after its day's midnight an instant's clock showed. */
export function minutesOfDay(instant: string): number {
  const { at, timeZone } = wallOf(instant)
  const parts = format({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', timeZone }).formatToParts(at)
  const part = (type: string) => Number(parts.find((p) => p.type === type)?.value ?? 0)
  return part('hour') * 60 + part('minute') + part('second') / 60
}

/** day writes a local day (YYYY-MM-DD): "Fri, 20 Nov 2026"; short leaves the year out. */
export function day(date: string, { short = false, weekday = true } = {}): string {
  if (!date) return ''
  return format({
    weekday: weekday ? 'short' : undefined, day: 'numeric', month: 'short', year: short ? undefined : 'numeric', timeZone: 'UTC',
  }).format(new Date(date + 'T00:00:00Z'))
}

/** weekday writes the short name of a local day's weekday: "Fri". */
export function weekday(date: string): string {
  return format({ weekday: 'short', timeZone: 'UTC' }).format(new Date(date + 'T00:00:00Z'))
}

/** timeHere writes the reader's own time of day, with seconds: when an answer came, not when somebody worked. */
export function timeHere(at: Date): string {
  return format({ hour: hour12 ? 'numeric' : '2-digit', minute: '2-digit', second: '2-digit', hour12 }).format(at)
}

/** moment writes an instant with its day, in the reader's own zone: when something was done, not when somebody worked. */
export function moment(instant: string): string {
  if (!instant) return ''
  return format({ day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hour12 }).format(new Date(instant))
}

/** ago writes how long ago an instant was: "5 minutes ago". */
export function ago(instant: string, now = Date.now()): string {
  if (!instant) return ''
  const seconds = (new Date(instant).getTime() - now) / 1000
  const relative = new Intl.RelativeTimeFormat(language(), { numeric: 'auto' })
  for (const [unit, length] of [['day', 86400], ['hour', 3600], ['minute', 60]] as const) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit)
  }
  return relative.format(0, 'minute')
}

/** addDays gives the local day some days on. */
export function addDays(date: string, days: number): string {
  const at = new Date(date + 'T00:00:00Z')
  at.setUTCDate(at.getUTCDate() + days)
  return at.toISOString().slice(0, 10)
}
