import type { Times } from '../contract/gen/dayline/admin/v1/admin_pb'

export const statuses = ['productive', 'undefined', 'unproductive'] as const
export type Status = (typeof statuses)[number]

/** A part of Times: seconds of one class with or without input. */
export interface Part {
  name: string
  status: Status
  state: 'active' | 'passive'
  seconds: number
}

/** parts gives the six parts of Times in the order in which they are drawn. */
export function parts(times: Times | undefined): Part[] {
  if (!times) return []
  const seconds: Record<Status, [number, number]> = {
    productive: [times.productiveActive, times.productivePassive],
    undefined: [times.undefinedActive, times.undefinedPassive],
    unproductive: [times.unproductiveActive, times.unproductivePassive],
  }
  return statuses.flatMap((status) =>
    (['active', 'passive'] as const).map((state, i) => ({ name: `${status}-${state}`, status, state, seconds: seconds[status][i]! })),
  )
}
