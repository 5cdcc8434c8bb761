// How updates stand, as people read it.

import type { UpdateAim } from '../../contract/gen/dayline/admin/v1/admin_pb'
import { systemOf } from '../devices/words'

/** How many days back a device may have come last to be counted; 0: all are. */
export const ages = [7, 30, 90, 0]

/** ageOf reads an address's word ("7", "all"); 30 where it is none of those. */
export function ageOf(word: string | null): number {
  const age = word === 'all' ? 0 : Number(word || NaN)
  return ages.includes(age) ? age : 30
}

/** titleOf an aim names its system and version: "Windows 1.4.0". */
export function titleOf({ os, version }: UpdateAim): string {
  return [systemOf(os), version].filter(Boolean).join(' ')
}

/** Acts that there are for an aim now. */
export function actsOf({ version, percent, halted }: UpdateAim): ('raise' | 'halt' | 'goOn')[] {
  if (!version) return []
  if (halted) return ['goOn']
  return percent > 0 && percent < 100 ? ['raise', 'halt'] : ['halt']
}

/** devicesAt gives the address of the devices of an aim's system: those that run its version, or those that aim at it. */
export function devicesAt({ os, version }: UpdateAim, which: 'version' | 'aim'): string {
  return `/devices?${new URLSearchParams({ os, [which]: version })}`
}
