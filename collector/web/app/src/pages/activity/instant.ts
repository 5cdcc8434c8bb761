// Instants as the contract writes them: RFC 3339 with the offset of where they happened.

/** endOf gives the instant some seconds later, with the same offset. */
export function endOf(start: string, seconds: number): string {
  const offset = /(?:Z|[+-]\d\d:\d\d)$/.exec(start)?.[0] ?? 'Z'
  const wall = Date.parse(start.slice(0, start.length - offset.length) + 'Z')
  return new Date(wall + seconds * 1000).toISOString().slice(0, -1) + offset
}

/** dayOf gives the local day of an instant: as the clock there had it, or in a zone. */
export function dayOf(instant: string, zone: string): string {
  if (zone === 'device' || zone === '') return instant.slice(0, 10)
  const parts = new Intl.DateTimeFormat('en', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone: zone }).formatToParts(new Date(instant))
  const part = (type: string) => parts.find((one) => one.type === type)!.value
  return `${part('year')}-${part('month')}-${part('day')}`
}

/** byDay puts rows that follow each other on one day together. */
export function byDay<Row extends { start: string }>(rows: Row[], zone: string): { day: string; rows: Row[] }[] {
  const days: { day: string; rows: Row[] }[] = []
  for (const row of rows) {
    const day = dayOf(row.start, zone)
    if (days.at(-1)?.day !== day) days.push({ day, rows: [] })
    days.at(-1)!.rows.push(row)
  }
  return days
}

/** linkOf gives an address that may be followed: http and https alone; undefined for whatever else a device sent. */
export function linkOf(url: string): string | undefined {
  try {
    const { protocol, href } = new URL(url)
    return protocol === 'https:' || protocol === 'http:' ? href : undefined
  } catch {
    return undefined
  }
}
