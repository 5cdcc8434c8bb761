// Every page: where it is, and which call of the contract it stands on. Whoever may not make that call does not see it.

import type { Key } from '../text/text'

export interface Page {
  /** The folder below pages/. */
  name: string
  /** A part that begins with a colon is given to the page as a prop. */
  path: string
  title: Key
  /** Empty: everybody, signed in or not. */
  may: string
  /** Where the menu has it; not at all where it is left out. */
  menu?: 'reports' | 'settings' | 'administration' | 'own'
}

export const pages: Page[] = [
  { name: 'dashboard', path: '/dashboard', title: 'dashboard.title', may: 'ReportDashboard', menu: 'reports' },
  { name: 'live', path: '/live', title: 'live.title', may: 'ReportLive', menu: 'reports' },
  { name: 'people', path: '/people', title: 'people.title', may: 'ReportPeople', menu: 'reports' },
  { name: 'person', path: '/people/:person', title: 'person.title', may: 'ReportTimeline' },
  { name: 'hours', path: '/hours', title: 'hours.title', may: 'ReportHours', menu: 'reports' },
  { name: 'apps', path: '/apps', title: 'apps.title', may: 'ReportApps', menu: 'reports' },
  { name: 'sites', path: '/sites', title: 'sites.title', may: 'ReportSites', menu: 'reports' },
  { name: 'categories', path: '/categories', title: 'categories.title', may: 'ReportCategories', menu: 'reports' },
  { name: 'groups', path: '/groups', title: 'groups.title', may: 'ReportGroups', menu: 'reports' },
  { name: 'activity', path: '/activity', title: 'activity.title', may: 'ListActivity', menu: 'reports' },

  { name: 'account', path: '/account', title: 'account.title', may: 'ShowAccount', menu: 'settings' },
  { name: 'classification', path: '/classification', title: 'classification.title', may: 'ListRules', menu: 'settings' },

  { name: 'people-admin', path: '/admin/people', title: 'peopleAdmin.title', may: 'SetPerson', menu: 'administration' },
  { name: 'groups-admin', path: '/admin/groups', title: 'groupsAdmin.title', may: 'SetGroup', menu: 'administration' },
  { name: 'users', path: '/admin/users', title: 'users.title', may: 'ListUsers', menu: 'administration' },
  { name: 'devices', path: '/devices', title: 'devices.title', may: 'ListDevices', menu: 'administration' },
  { name: 'releases', path: '/admin/releases', title: 'releases.title', may: 'ListReleases', menu: 'administration' },
  { name: 'updates', path: '/admin/updates', title: 'updates.title', may: 'ShowUpdates', menu: 'administration' },
  { name: 'browser-extension', path: '/admin/extension', title: 'extension.title', may: 'ShowExtension', menu: 'administration' },
  { name: 'do-not-track', path: '/admin/do-not-track', title: 'doNotTrack.title', may: 'ListDoNotTrack', menu: 'administration' },
  { name: 'audit', path: '/audit', title: 'audit.title', may: 'ListAudit', menu: 'administration' },
  { name: 'tokens', path: '/tokens', title: 'tokens.title', may: 'ListTokens', menu: 'administration' },

  { name: 'my-day', path: '/my-day', title: 'myDay.title', may: '', menu: 'own' },
  { name: 'install', path: '/install-dayline', title: 'install.title', may: 'CreateLink', menu: 'own' },
  { name: 'security', path: '/security', title: 'security.title', may: 'ShowSignIn', menu: 'own' },
  { name: 'sign-in', path: '/sign-in', title: 'signIn.title', may: '' },
  { name: 'setup', path: '/setup', title: 'setup.title', may: '' },
]

/** find gives the page at a path, with what its named parts are. */
export function find(path: string): { page: Page; parts: Record<string, string> } | undefined {
  const given = path.split('/')
  for (const page of pages) {
    const wanted = page.path.split('/')
    if (wanted.length !== given.length) continue
    const parts: Record<string, string> = {}
    const fits = wanted.every((part, i) => {
      if (!part.startsWith(':')) return part === given[i]
      parts[part.slice(1)] = decoded(given[i]!)
      return given[i] !== ''
    })
    if (fits) return { page, parts }
  }
  return undefined
}

/** decoded gives a part of a path as it is meant; as it stands where it is malformed. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
