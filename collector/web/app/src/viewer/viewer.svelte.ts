import { collector, failureOf, onSignedOut } from '../contract/collector'
import type { WhoAmIResponse } from '../contract/gen/dayline/admin/v1/admin_pb'
import { setClock } from '../format/clock'

let who = $state.raw<WhoAmIResponse | undefined>()
let known = $state(false)

/** viewer is who is signed in; `who` is undefined where nobody is, and `known` is false until that was asked. */
export const viewer = {
  get who() {
    return who
  },
  get known() {
    return known
  },
}

/** may tells whether the viewer may make a call of the contract: what it may not is not shown. */
export function may(call: string): boolean {
  return who?.may.includes(call) ?? false
}

/** findViewer asks who is signed in. Throws a Failure where the collector cannot say. */
export async function findViewer() {
  try {
    who = await collector.whoAmI({})
    setClock(who.clock, who.timeZone)
  } catch (thrown) {
    const failure = failureOf(thrown)
    if (failure.code !== 'signed_out') throw failure
    who = undefined
  }
  known = true
}

/** signOut ends the session. */
export async function signOut() {
  await collector.signOut({})
  who = undefined
}

onSignedOut(() => {
  who = undefined
})
