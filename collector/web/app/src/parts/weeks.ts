import { addDays } from '../format/clock'

const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** weekdayOf counts a day's place in its week from 0, by the weekday that weeks begin on ("mon"). */
export function weekdayOf(day: string, weekStart: string): number {
  const from = Math.max(0, names.indexOf(weekStart))
  return (new Date(day + 'T00:00:00Z').getUTCDay() - from + 7) % 7
}

/**
 * weeksAround gives the first and last day of some whole weeks with a day in them: those up to this week where the day is one of
 * them, else up to the week after the day's, so that there is somewhere to go both ways.
 */
export function weeksAround(day: string, today: string, weekStart: string, weeks = 4): { from: string; to: string } {
  const endOfWeek = (of: string) => addDays(of, 6 - weekdayOf(of, weekStart))
  const last = endOfWeek(today)
  const recent = day > addDays(last, -7 * weeks) && day <= last
  const to = recent ? last : day > last ? endOfWeek(day) : addDays(endOfWeek(day), 7)
  return { from: addDays(to, 1 - 7 * weeks), to }
}

/** daysBetween lists the days of a range, both included. */
export function daysBetween(from: string, to: string): string[] {
  const days: string[] = []
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day)
  return days
}
