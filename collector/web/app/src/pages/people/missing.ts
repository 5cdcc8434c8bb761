import type { HoursRow } from '../../contract/gen/dayline/admin/v1/admin_pb'

/** A person without counted time in a range: on how many days for which reason, most days first. */
export interface Missing {
  person: string
  name: string
  reasons: { reason: string; days: number }[]
}

/** missingIn gives those of whom a range has days and no counted time, by name. */
export function missingIn(rows: HoursRow[]): Missing[] {
  const people = new Map<string, { name: string; days: Map<string, number>; some: boolean }>()
  for (const row of rows) {
    let person = people.get(row.person)
    if (!person) people.set(row.person, (person = { name: row.name, days: new Map(), some: false }))
    if (row.totalSeconds > 0) person.some = true
    const reason = row.absence || 'unknown'
    person.days.set(reason, (person.days.get(reason) ?? 0) + 1)
  }
  return [...people]
    .filter(([, person]) => !person.some)
    .map(([id, { name, days }]) => ({ person: id, name, reasons: [...days].map(([reason, n]) => ({ reason, days: n })).sort((a, b) => b.days - a.days) }))
    .sort((a, b) => a.name.localeCompare(b.name))
}
