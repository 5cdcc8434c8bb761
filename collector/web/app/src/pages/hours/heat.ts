// Working hours as a map: people down, days across.

import type { HoursRow } from '../../contract/gen/dayline/admin/v1/admin_pb'

/** A person's days, by day; of some nothing is known. */
export interface PersonDays {
  person: string
  name: string
  days: Map<string, HoursRow>
}

/** byPerson gathers each person's days. */
export function byPerson(rows: HoursRow[]): PersonDays[] {
  const people = new Map<string, PersonDays>()
  for (const row of rows) {
    let person = people.get(row.person)
    if (!person) people.set(row.person, (person = { person: row.person, name: row.name, days: new Map() }))
    person.days.set(row.day, row)
  }
  return [...people.values()]
}

/** The borders between the tones of a day's total, in hours: the same for everybody, so that maps compare. */
export const borders = [2, 4, 6, 8]

/** toneOf gives the tone of a total of seconds, from 1 to one more than there are borders. */
export function toneOf(seconds: number): number {
  const at = borders.findIndex((hours) => seconds < hours * 3600)
  return at < 0 ? borders.length + 1 : at + 1
}

/** How many days a map shows; what is longer is a table. */
export const mostDays = 92
