// Why something counts as it does: what ExplainClass says, taken apart, so that it can be said in the reader's language.

import { kinds, type Subject } from './subject'

/** Source is where a status or a category comes from. */
export type Source =
  | { from: 'rule'; subject: Subject; line: number; group: string }
  | { from: 'shipped'; subject: Subject }
  | { from: 'default' }

/** Said is a status or category, and whether something more specific had said one already. */
export interface Said {
  word: string
  late: boolean
}

/** Step is one place that was looked at. */
export interface Step {
  looked?: Subject
  /** Left out where there is no rule. */
  source?: Source
  status?: Said
  category?: Said
}

function subject(text: string): Subject | undefined {
  const kind = kinds.find((one) => text.startsWith(one + ' '))
  return kind && { kind, name: text.slice(kind.length + 1) }
}

/** sourceOf takes a source apart; undefined where it is of a form not known here. */
export function sourceOf(text: string): Source | undefined {
  if (text === 'default') return { from: 'default' }
  const shipped = /^shipped list \((.+)\)$/.exec(text)
  if (shipped) {
    const about = subject(shipped[1]!)
    return about && { from: 'shipped', subject: about }
  }
  const rule = /^classification\.yaml:(\d+) \((.+?)(?:, exception (.+))?\)$/.exec(text)
  const about = rule && subject(rule[2]!)
  return about ? { from: 'rule', subject: about, line: Number(rule[1]), group: rule[3] ?? '' } : undefined
}

/** stepOf takes a step apart; undefined where it is of a form not known here. */
export function stepOf(text: string): Step | undefined {
  if (text === 'default: status undefined') return { source: { from: 'default' }, status: { word: 'undefined', late: false } }
  if (text === 'default: no category') return { source: { from: 'default' }, category: { word: '', late: false } }
  const nothing = /^(.+): no rule$/.exec(text)
  const looked = nothing && subject(nothing[1]!)
  if (looked) return { looked }
  const says = /^(.+?): ((?:classification\.yaml:\d+|shipped list) \(.+?\)): ((?:status |category |says nothing here).*)$/.exec(text)
  const step: Step | undefined = says ? { looked: subject(says[1]!), source: sourceOf(says[2]!) } : undefined
  if (!step?.looked || !step.source) return undefined
  const words = /^(?:status (\w+)( \(decided above\))?)?(?:, )?(?:category (.+?)( \(decided above\))?)?$/.exec(says![3]!)
  if (words?.[1]) step.status = { word: words[1], late: words[2] !== undefined }
  if (words?.[3]) step.category = { word: words[3], late: words[4] !== undefined }
  return step
}
