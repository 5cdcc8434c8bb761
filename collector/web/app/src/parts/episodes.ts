import type { Ask } from '../address/question'
import { collector } from '../contract/collector'
import type { ActivityRow } from '../contract/gen/dayline/admin/v1/admin_pb'

/** episodesOf gets all single activities of a question, page by page. */
export async function episodesOf(ask: Ask, signal: AbortSignal): Promise<ActivityRow[]> {
  const rows: ActivityRow[] = []
  let cursor = ''
  do {
    const page = await collector.listActivity({ ask, limit: 1000, cursor }, { signal })
    rows.push(...page.rows)
    cursor = page.nextCursor
  } while (cursor)
  return rows
}
