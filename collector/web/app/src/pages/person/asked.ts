import type { Ask } from '../../address/question'
import { addDays } from '../../format/clock'

/** dayAsked is the one day of a question, as far as it can be told without the collector; undefined where it has several. */
export function dayAsked(ask: Ask, today: string): string | undefined {
  if (ask.from) return ask.to === ask.from ? ask.from : undefined
  if (ask.range === 'today') return today
  if (ask.range === 'yesterday') return addDays(today, -1)
  return undefined
}
