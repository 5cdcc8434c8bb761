import { viewer } from '../viewer/viewer.svelte'

/** personDay is the address of a person's day, or of several. */
export function personDay(person: string, query: URLSearchParams | Record<string, string>): string {
  const asked = new URLSearchParams(query)
  for (const name of ['person', 'group']) asked.delete(name)
  return `/people/${encodeURIComponent(person)}?${asked}`
}

/** singlesOf tells whether the viewer may see a person's single activities, as far as its role says: else totals alone. */
export function singlesOf(person: string): boolean {
  return viewer.who?.role !== 'viewer' || person === viewer.who.person
}
