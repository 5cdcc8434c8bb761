// Values as account.yaml writes them, "2m", "3GB", and what may stand where: bounds come from the contract's AccountKey.

import type { AccountKey } from '../../contract/gen/dayline/admin/v1/admin_pb'
import type { Key } from '../../text/text'

/** What of an AccountKey says what may stand there. */
export type Spec = Pick<AccountKey, 'key' | 'kind' | 'min' | 'max' | 'words' | 'step'>

/** An amount as it is typed, and its unit: "2.5", "m". */
export interface Measure {
  amount: string
  unit: string
}

const lengths: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600 }
const sizes: Record<string, number> = {
  B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40,
}

/** secondsOf reads a length: "1h30m"; NaN where it is none. */
export function secondsOf(text: string): number {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return NaN
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce((sum, [, n, unit]) => sum + Number(n) * lengths[unit!]!, 0)
}

/** bytesOf reads a size: "64MB"; NaN where it is none. */
export function bytesOf(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text) ?? []
  const known = Object.keys(sizes).find((name) => name.toLowerCase() === unit?.toLowerCase())
  return known ? Number(amount) * sizes[known]! : NaN
}

/** measureOf takes a length or size apart for its fields; a length of several units is given in its smallest. */
export function measureOf(kind: string, text: string): Measure {
  const units = kind === 'size' ? sizes : lengths
  const parts = kind === 'duration' ? text.match(/[a-z]+/g) : null
  if (parts && parts.length > 1 && !Number.isNaN(secondsOf(text))) {
    const unit = parts.reduce((least, one) => (lengths[one]! < lengths[least]! ? one : least))
    return { amount: String(secondsOf(text) / lengths[unit]!), unit }
  }
  const [, amount, unit] = /^(.*?)([A-Za-z]*)$/s.exec(text)!
  return { amount: amount!, unit: unit! in units ? unit! : kind === 'size' ? 'GB' : 'm' }
}

/** unitsOf are the units that a length or size is offered in: those between its bounds, and its own. */
export function unitsOf(spec: Spec, own: string): string[] {
  const all = spec.kind === 'size' ? ['B', 'kB', 'MB', 'GB', 'TB'] : ['ms', 's', 'm', 'h']
  const at = (text: string) => all.indexOf(measureOf(spec.kind, text).unit)
  let [low, high] = [spec.min ? at(spec.min) : 0, spec.max ? at(spec.max) : all.length - 1]
  if (spec.kind === 'size') low = Math.max(low, all.indexOf('MB'))
  const offered = all.slice(low, high + 1)
  return offered.includes(own) ? offered : [own, ...offered]
}

/** Pinned is a version that agents are to run, in place of a word. */
export interface Pinned {
  pinned: string
}

const versionForm = /^\d{1,9}\.\d{1,9}\.\d{1,9}(-[0-9A-Za-z.-]{1,64})?$/

/** A value that may not stand where it does, as a text of the catalogue. */
export interface Flaw {
  say: Key
  /** The bounds, in the file's words. */
  low: string
  high: string
}

/** flawOf tells what keeps a value from standing at a key, as far as its bounds tell. */
export function flawOf(spec: Spec, value: unknown): Flaw | undefined {
  const flaw = (say: Key): Flaw => ({ say, low: spec.min, high: spec.max })
  if (typeof value === 'string' && spec.words.includes(value)) return undefined
  switch (spec.kind) {
    case 'duration':
    case 'size': {
      const read = spec.kind === 'size' ? bytesOf : secondsOf
      const n = read(String(value))
      if (Number.isNaN(n)) return flaw('account.flawNumber')
      if (spec.step && Math.abs(n / secondsOf(spec.step) - Math.round(n / secondsOf(spec.step))) > 1e-9) return flaw('account.flawStep')
      return outside(n, spec.min ? read(spec.min) : 0, spec.max ? read(spec.max) : Infinity) ? flaw('account.flawRange') : undefined
    }
    case 'number':
      if (!Number.isInteger(value)) return flaw('account.flawNumber')
      return outside(value as number, Number(spec.min), Number(spec.max)) ? flaw('account.flawRange') : undefined
    case 'words':
      if ((value as string[]).some((word) => word.trim() === '')) return flaw('account.flawEmpty')
      return spec.max && (value as string[]).length > Number(spec.max) ? flaw('account.flawMany') : undefined
    case 'word':
      return flaw('account.flawWord')
    case 'version':
      return versionForm.test((value as Pinned).pinned) ? undefined : flaw('account.flawVersion')
    case 'zone':
      return value === '' ? flaw('account.flawEmpty') : undefined
  }
  return undefined
}

const outside = (n: number, low: number, high: number) => n < low || n > high
