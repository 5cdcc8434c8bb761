// The days of a range as the day chart shows them: with time, or why there is none.

import type { DashboardRow } from '../../contract/gen/dayline/admin/v1/admin_pb'
import { addDays } from '../../format/clock'

/** A day of the range. Where it has no row, `absence` says why: a word of HoursRow.absence, "gap" where nothing is known,
 * "ahead" for days to come, "expired" for days of which nothing is kept any more. */
export interface Column {
  day: string
  row?: DashboardRow
  absence: string
}

/** daysOf gives every day from the first to the last, both included; none where the last is before the first. */
export function daysOf(from: string, to: string): string[] {
  const days: string[] = []
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day)
  return days
}

/** columnsOf puts a range's rows on its days. `absences` are the known reasons by day. */
export function columnsOf(
  range: { from: string; to: string },
  rows: DashboardRow[],
  { today = '', keptFrom = '', absences = new Map<string, string>() } = {},
): Column[] {
  const byDay = new Map(rows.map((row) => [row.day, row]))
  return daysOf(range.from, range.to).map((day) => {
    const row = byDay.get(day)
    if (row) return { day, row, absence: '' }
    if (today && day > today) return { day, absence: 'ahead' }
    if (keptFrom && day < keptFrom) return { day, absence: 'expired' }
    return { day, absence: absences.get(day) || 'gap' }
  })
}
