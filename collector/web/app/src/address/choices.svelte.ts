import { collector } from '../contract/collector'
import { may } from '../viewer/viewer.svelte'

/** A person, device or group that a question may be narrowed to. */
export interface Choice {
  id: string
  name: string
  /** Of a group: how many are in it. */
  people?: number
}

let known = $state.raw<{ people: Choice[]; devices: Choice[]; groups: Choice[] } | undefined>()
let asked: Promise<void> | undefined

async function find() {
  const [people, devices, groups] = await Promise.all([
    may('ListPeople') ? collector.listPeople({}).then((answer) => answer.people) : [],
    may('ListDevices') ? collector.listDevices({}).then((answer) => answer.devices) : [],
    may('ListGroups') ? collector.listGroups({}).then((answer) => answer.groups) : [],
  ])
  const byName = (list: Choice[]) => list.toSorted((a, b) => a.name.localeCompare(b.name))
  known = {
    people: byName(people.map(({ id, name }) => ({ id, name: name || id }))),
    devices: byName(devices.map(({ id, name, alias }) => ({ id, name: alias || name || id }))),
    groups: groups.map(({ name, peopleCount }) => ({ id: name, name, people: peopleCount })),
  }
}

/** choices are what the viewer may narrow questions to, asked for once; undefined until they are there. */
export const choices = {
  get known() {
    void choices.there()
    return known
  },
  /** there waits until they are known, or could not be had. */
  there() {
    return (asked ??= find().catch(() => {
      asked = undefined // the next page asks again; until then there is nothing to choose from
    }))
  },
}

/** forgetChoices has them asked for again: somebody changed them here. */
export function forgetChoices() {
  known = undefined
  asked = undefined
}
