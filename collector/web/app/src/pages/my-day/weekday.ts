import { language } from '../../text/language'

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

/** weekday writes a day of the week as files have it ("mon") in the language in use. */
export function weekday(day: string): string {
  const at = days.indexOf(day)
  if (at < 0) return day
  // The first of January 2024 was a Monday.
  return new Intl.DateTimeFormat(language(), { weekday: 'short', timeZone: 'UTC' }).format(new Date(Date.UTC(2024, 0, 1 + at)))
}
