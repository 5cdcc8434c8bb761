// What an entry of the do-not-track list means.

import type { Person } from '../../contract/gen/dayline/admin/v1/admin_pb'

/** Entry names logins: "*" is any user, or any domain. */
export interface Entry {
  user: string
  domain: string
}

/** entryOf reads what was typed: DOMAIN\name, or a name in any domain; undefined while it is neither. */
export function entryOf(typed: string): Entry | undefined {
  const text = typed.trim()
  const cut = text.indexOf('\\')
  const user = text.slice(cut + 1).trim()
  const domain = cut < 0 ? '*' : text.slice(0, cut).trim()
  return user && domain && !user.includes('\\') ? { user, domain } : undefined
}

/** loginOf writes an entry as people do: "CORP\ana". */
export function loginOf({ user, domain }: Entry): string {
  return `${domain}\\${user}`
}

/** meant are the people with a login that an entry means, as far as names tell. */
export function meant(people: Person[], entry: Entry): Person[] {
  const fits = (pattern: string, name: string) => pattern === '*' || pattern.toLowerCase() === name.toLowerCase()
  return people.filter((person) =>
    person.logins.some((login) => {
      const own = entryOf(login)
      return own !== undefined && fits(entry.user, own.user) && fits(entry.domain, own.domain)
    }),
  )
}
