// Schedules: spans of the days of a week in which there is collection, as account.yaml has them and as a grid shows them.

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

/** A stretch of a day in minutes since midnight; `to` may be 1440. */
export interface Span {
  from: number
  to: number
}

/** The spans of the seven days, Monday's first. */
export type Week = Span[][]

/** As the file has them: "mon" or "mon-fri" to "HH:MM-HH:MM". */
export type Days = Record<string, string[]>

/** timeOf writes minutes as "08:00"; 1440 is "24:00". */
export function timeOf(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

/** minutesOf reads "08:00". */
export function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))
}

const byTime = (a: Span, b: Span) => a.from - b.from || a.to - b.to

/** weekOf gives the grid of a schedule; a day under several keys has all their spans. */
export function weekOf(days: Days): Week {
  const week: Week = weekdays.map(() => [])
  for (const [key, texts] of Object.entries(days)) {
    const [first, last] = key.split('-')
    const from = weekdays.indexOf(first!)
    const length = last ? (weekdays.indexOf(last) - from + 7) % 7 : 0
    for (let i = 0; i <= length; i++) {
      week[(from + i) % 7]!.push(...texts.map((text) => ({ from: minutesOf(text.slice(0, 5)), to: minutesOf(text.slice(6)) })))
    }
  }
  return week.map((spans) => spans.toSorted(byTime))
}

/** daysOf writes a grid as the file does, days that follow one another and are alike as one. */
export function daysOf(week: Week): Days {
  const texts = week.map((spans) => spans.toSorted(byTime).map((span) => `${timeOf(span.from)}-${timeOf(span.to)}`))
  const days: Days = {}
  for (let i = 0; i < 7; ) {
    let end = i
    while (end < 6 && String(texts[end + 1]) === String(texts[i])) end++
    if (texts[i]!.length > 0) days[end > i ? `${weekdays[i]}-${weekdays[end]}` : weekdays[i]!] = texts[i]!
    i = end + 1
  }
  return days
}

/** backwards tells of spans that do not begin before they end. */
export function backwards(week: Week): boolean {
  return week.some((spans) => spans.some((span) => span.from >= span.to))
}

/** minutesOfWeek is how long there is collection in a week; what overlaps counts once. */
export function minutesOfWeek(week: Week): number {
  let sum = 0
  for (const spans of week) {
    let done = 0
    for (const span of spans.toSorted(byTime)) {
      sum += Math.max(0, span.to - Math.max(span.from, done))
      done = Math.max(done, span.to)
    }
  }
  return sum
}
