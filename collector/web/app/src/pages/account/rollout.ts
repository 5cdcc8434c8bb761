// updates.rollout of account.yaml: one value of three parts.

import { flawOf, type Flaw, type Spec } from './value'

export interface Rollout {
  /** Rising shares of the devices, in per cent. */
  plan: number[]
  /** Between two of them: "24h". */
  every: string
  /** Per cent of failed devices above which it halts. */
  halt: number
}

/** What may stand at its parts: the contract has bounds for whole values only. */
export const parts: Record<'every' | 'halt', Spec> = {
  every: { key: 'updates.rollout.every', kind: 'duration', min: '1m', max: '720h', step: '1m', words: [] },
  halt: { key: 'updates.rollout.halt', kind: 'number', min: '1', max: '100', step: '', words: [] },
}

/** planText writes a plan as it is typed: "1, 10, 50, 100". */
export function planText(plan: number[]): string {
  return plan.join(', ')
}

/** planOf reads a plan as it is typed; what is no number is NaN, which flawOfRollout tells. */
export function planOf(text: string): number[] {
  return text.split(/[,;\s]+/).filter(Boolean).map(Number)
}

/** flawOfRollout tells what keeps a value from standing there. */
export function flawOfRollout({ plan, every, halt }: Rollout): Flaw | undefined {
  const rising = plan.every((percent, i) => Number.isInteger(percent) && percent > (plan[i - 1] ?? 0) && percent <= 100)
  if (!rising || plan.length === 0 || plan.length > 20) return { say: 'account.flawPlan', low: '', high: '' }
  if (flawOf(parts.every, every)) return { say: 'account.flawEvery', low: '', high: '' }
  return flawOf(parts.halt, halt) ? { say: 'account.flawHalt', low: '', high: '' } : undefined
}
