import { say } from '../../text/text'

/** didOf says how many rules were added, changed and removed; empty where none were. */
export function didOf(counts: { added: number; changed: number; removed: number }): string {
  return (['added', 'changed', 'removed'] as const)
    .filter((kind) => counts[kind] > 0)
    .map((kind) => say(`classification.${kind}`, { n: counts[kind] }))
    .join(', ')
}
