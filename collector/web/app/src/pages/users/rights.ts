import type { User } from '../../contract/gen/dayline/admin/v1/admin_pb'

/** The roles that users have, from the one that may most. */
export const roles = ['admin', 'configurator', 'manager', 'viewer'] as const

/** Rights are what a user may do and whose data it sees. */
export interface Rights {
  role: string
  everyone: boolean
  groups: string[]
}

/** rightsOf gives those that a user has. */
export function rightsOf(user: User): Rights {
  return { role: user.role, everyone: user.everyone, groups: [...user.viewableGroups] }
}

/** limited tells whether groups say what a role sees; the others see everyone. */
export function limited(role: string): boolean {
  return role === 'manager' || role === 'viewer'
}

/** asked gives what SetUser wants to know for some rights. */
export function asked(email: string, rights: Rights) {
  const setViewable = limited(rights.role)
  return {
    email, role: rights.role, setViewable,
    everyone: setViewable && rights.everyone, viewableGroups: setViewable && !rights.everyone ? rights.groups : [],
  }
}
