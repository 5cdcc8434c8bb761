import type { User } from '../../contract/gen/dayline/admin/v1/admin_pb'
import { say } from '../../text/text'
import { limited } from './rights'

/** seen says whose data a user sees. */
export function seen(user: User): string {
  if (user.everyone || !limited(user.role)) return say('users.everyone')
  return user.viewableGroups.join(', ') || say('users.own')
}

/** waysOf says what a user signs in with. The provider's host is empty where there is none; beside one, what is the user's own counts only if it was kept. */
export function waysOf(user: User, provider: string): string[] {
  const ways: string[] = []
  if (provider) ways.push(provider)
  if (!provider || user.breakGlass) {
    if (user.hasPassword) ways.push(say('users.password'))
    if (user.hasTotp) ways.push(say('users.totp'))
    if (user.passkeys) ways.push(say('users.passkeys', { n: user.passkeys }))
  }
  return ways.length ? ways : [say('users.nothingYet')]
}
