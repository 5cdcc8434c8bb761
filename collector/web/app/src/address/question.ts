// What a report is asked: the query of the address, as a ReportRequest.

import type { MessageInitShape } from '@bufbuild/protobuf'
import type { ReportRequestSchema } from '../contract/gen/dayline/admin/v1/admin_pb'
import { addDays } from '../format/clock'

export type Ask = MessageInitShape<typeof ReportRequestSchema>

/** The ranges that have a name, as the contract has them. */
export const ranges = [
  'today', 'yesterday', 'this_week', 'last_week', 'this_month', 'last_month', 'last_7_days', 'last_30_days', 'last_90_days', 'this_year',
] as const

/** What narrows a question beside its days; each is a name in the query and in ReportRequest. */
export const filters = ['person', 'device', 'group', 'state', 'status', 'category', 'app', 'site', 'search'] as const
export type Filter = (typeof filters)[number]

/** askOf reads the question from a query; `range` is what holds where it names no days. */
export function askOf(query: URLSearchParams, range = 'last_7_days'): Ask {
  const ask: Ask = {}
  const from = query.get('from')
  if (from) {
    ask.from = from
    ask.to = query.get('to') ?? from
  } else {
    ask.range = query.get('range') ?? range
  }
  for (const name of filters) {
    const value = query.get(name)
    if (value) ask[name] = value
  }
  return ask
}

/** queryOf writes a question as a query, for links to other pages and to files. */
export function queryOf(ask: Ask): URLSearchParams {
  const query = new URLSearchParams()
  for (const name of ['range', 'from', 'to', ...filters] as const) {
    const value = ask[name]
    if (value) query.set(name, value)
  }
  return query
}

/** stepped moves days on by their own number, backwards with a negative step; whole months go by months. */
export function stepped(from: string, to: string, step: 1 | -1): { from: string; to: string } {
  if (from.endsWith('-01') && addDays(to, 1).endsWith('-01')) {
    const months = monthsBetween(from, addDays(to, 1)) * step
    return { from: addMonths(from, months), to: addDays(addMonths(addDays(to, 1), months), -1) }
  }
  const days = ((Date.parse(to) - Date.parse(from)) / 86_400_000 + 1) * step
  return { from: addDays(from, days), to: addDays(to, days) }
}

function monthsBetween(from: string, to: string): number {
  return (Number(to.slice(0, 4)) - Number(from.slice(0, 4))) * 12 + Number(to.slice(5, 7)) - Number(from.slice(5, 7))
}

function addMonths(firstOfMonth: string, months: number): string {
  const at = new Date(firstOfMonth + 'T00:00:00Z')
  at.setUTCMonth(at.getUTCMonth() + months)
  return at.toISOString().slice(0, 10)
}
