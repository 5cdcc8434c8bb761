// Lengths, shares, counts and sizes as people read them.

import { language } from '../text/language'
import { say } from '../text/text'

/** length writes seconds as hours and minutes: "7 h 25 min", "40 s" below a minute. Nothing is "0 min": absent data has
 * words of its own. */
export function length(seconds: number): string {
  if (seconds < 59.5) return say('format.seconds', { n: Math.round(seconds) })
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return say('format.minutes', { n: minutes })
  return say('format.hours', { h: count(Math.floor(minutes / 60)), m: String(minutes % 60).padStart(2, '0') })
}

const made = new Map<string, Intl.NumberFormat>()

/** format keeps what is dear to make: tables write tens of thousands of numbers. */
function format(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = language() + JSON.stringify(options)
  let found = made.get(key)
  if (!found) made.set(key, (found = new Intl.NumberFormat(language(), options)))
  return found
}

/** hours writes seconds as "7:25", for tables. */
export function hours(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  return `${count(Math.floor(minutes / 60))}:${String(minutes % 60).padStart(2, '0')}`
}

/** share writes a part of 1 in per cent. */
export function share(part: number): string {
  const digits = part > 0 && part < 0.0995 ? 1 : 0
  return format({ style: 'percent', maximumFractionDigits: digits }).format(part)
}

/** count writes a whole number. */
export function count(n: number): string {
  return format({ maximumFractionDigits: 0 }).format(n)
}

/** size writes bytes: "3.2 GB". */
export function size(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']
  let unit = 0
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000
    unit++
  }
  return format({ style: 'unit', unit: units[unit], unitDisplay: 'short', maximumFractionDigits: unit > 1 && bytes < 100 ? 1 : 0 }).format(bytes)
}
