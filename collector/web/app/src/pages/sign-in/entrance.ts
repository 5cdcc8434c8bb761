// What happens once somebody is let in.

import { go } from '../../address/address.svelte'
import { findViewer } from '../../viewer/viewer.svelte'

/** pathHere is an address of the pages; "/" for any other, so that no link leads elsewhere from here. */
export function pathHere(back: string): string {
  if (!/^\/(?![/\\])/.test(back)) return '/'
  const at = new URL(back, location.origin)
  return at.origin === location.origin ? at.pathname + at.search + at.hash : '/'
}

/** enter goes where somebody wanted to be before signing in. */
export async function enter(back: string) {
  await findViewer()
  go(pathHere(back), { replace: true })
}
