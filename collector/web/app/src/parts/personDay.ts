import { viewer } from '../viewer/viewer.svelte'

/** personDay is the address of a person's day, or of several; undefined where the viewer sees totals of that person alone. */
export function personDay(person: string, query: URLSearchParams | Record<string, string>): string | undefined {
  const who = viewer.who
  if (who?.role === 'viewer' && person !== who.person) return undefined
  const asked = new URLSearchParams(query)
  for (const name of ['person', 'group']) asked.delete(name)
  return `/people/${encodeURIComponent(person)}?${asked}`
}
