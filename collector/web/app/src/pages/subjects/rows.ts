import type { AppsRow, SitesRow } from '../../contract/gen/dayline/admin/v1/admin_pb'

/** Row is an application or a site as both pages show it; lengths in seconds, the share of 1. */
export interface Row {
  name: string
  /** What an application calls itself; empty where it is not known, and of sites. */
  product: string
  /** An application's bundle identifier, on Macs; else empty. */
  bundle: string
  active: number
  passive: number
  total: number
  share: number
  people: number
  status: string
  category: string
}

const common = (row: AppsRow | SitesRow) => ({
  active: row.activeSeconds, passive: row.passiveSeconds, total: row.totalSeconds,
  share: row.share, people: row.people, status: row.status, category: row.category,
})

/** appRow gives an application's row. */
export function appRow(row: AppsRow): Row {
  return { name: row.app, product: row.product === row.app ? '' : row.product, bundle: row.bundle, ...common(row) }
}

/** siteRow gives a site's row. */
export function siteRow(row: SitesRow): Row {
  return { name: row.site, product: '', bundle: '', ...common(row) }
}
