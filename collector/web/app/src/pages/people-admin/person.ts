// What the contract says of a person, as pages need it.

import type { LoginRow, Person } from '../../contract/gen/dayline/admin/v1/admin_pb'

/** devicesOf a person are those that its logins were seen on, each once, by name. */
export function devicesOf(person: Person): LoginRow[] {
  const devices = new Map(person.seen.filter((one) => one.device).map((one) => [one.device, one]))
  return [...devices.values()].sort((a, b) => a.deviceName.localeCompare(b.deviceName))
}

/** A login of a person, and the devices it was seen on. */
export interface Login {
  name: string
  devices: LoginRow[]
}

/** loginsOf a person, by name. */
export function loginsOf(person: Person): Login[] {
  return person.logins.map((name) => ({
    name,
    devices: person.seen.filter((one) => one.device && one.login.toLowerCase() === name.toLowerCase()),
  }))
}

/** ownerOf finds whose a login is; undefined where nobody has it. */
export function ownerOf(people: Person[], login: string): Person | undefined {
  return people.find((person) => person.logins.some((name) => name.toLowerCase() === login.toLowerCase()))
}
