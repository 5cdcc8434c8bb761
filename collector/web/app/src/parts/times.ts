import type { Times } from '../contract/gen/dayline/admin/v1/admin_pb'

export const statuses = ['productive', 'undefined', 'unproductive'] as const
export type Status = (typeof statuses)[number]

/** A part of a bar: seconds of one class with or without input. The class is '' where classes are not told apart. */
export interface Part {
  name: string
  status: Status | ''
  state: 'active' | 'passive'
  seconds: number
}

/** untold tells whether there is time whose classes the contract does not tell apart: of too few people for the viewer. */
export function untold(times: Times): boolean {
  return times.total > 0 && statuses.every((status) => secondsOf(times, status).every((seconds) => seconds === 0))
}

/** secondsOf gives the seconds of a class with and without input. */
export function secondsOf(times: Times, status: Status): [active: number, passive: number] {
  switch (status) {
    case 'productive':
      return [times.productiveActive, times.productivePassive]
    case 'undefined':
      return [times.undefinedActive, times.undefinedPassive]
    case 'unproductive':
      return [times.unproductiveActive, times.unproductivePassive]
  }
}

/** parts gives the six parts of Times in the order in which they are drawn; two where classes are not told apart. */
export function parts(times: Times | undefined): Part[] {
  if (!times) return []
  if (untold(times)) return partsOf('', times.active, times.passive)
  return statuses.flatMap((status) => partsOf(status, ...secondsOf(times, status)))
}

/** partsOf gives the two parts of what has one class. */
export function partsOf(status: string, active: number, passive: number): Part[] {
  const known = statuses.find((one) => one === status) ?? ''
  const name = known || 'untold'
  return [
    { name: `${name}-active`, status: known, state: 'active', seconds: active },
    { name: `${name}-passive`, status: known, state: 'passive', seconds: passive },
  ]
}
