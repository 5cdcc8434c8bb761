// Keys and values of account.yaml in words.

import { choices } from '../../address/choices.svelte'
import type { AccountKey } from '../../contract/gen/dayline/admin/v1/admin_pb'
import { count } from '../../format/amount'
import { language } from '../../text/language'
import { say, sayWord } from '../../text/text'
import { overrideOf, type Nested } from './override'
import { weekdays, weekOf, timeOf, type Days, type Week } from './schedule'
import { planText, type Rollout } from './rollout'
import { sectionOf } from './sections'
import { measureOf, type Flaw, type Pinned, type Spec } from './value'

/** nameOf is what a key is called: "Without input after"; the key itself where the catalogue has no name. */
export function nameOf(key: string): string {
  const word = key.replaceAll('.', '_')
  const name = sayWord('account', word)
  return name === word ? key : name
}

/** whyOf explains a key. */
export function whyOf(key: string): string {
  const word = key.replaceAll('.', '_') + '_why'
  const why = sayWord('account', word)
  return why === word ? '' : why
}

/** choiceOf is a word that may stand at a key: "Host only". */
export function choiceOf(key: string, word: string): string {
  if (weekdays.includes(word)) return weekday(weekdays.indexOf(word), 'long')
  const own = `${key.replaceAll('.', '_')}_${word.replaceAll('-', '_')}`
  const said = sayWord('account', own)
  if (said !== own) return said
  const shared = sayWord('account', `word_${word}`)
  return shared === `word_${word}` ? word : shared
}

/** measured writes a length or size as the file has it: "2 min", "3 GB". */
export function measured(kind: string, text: string): string {
  const { amount, unit } = measureOf(kind, text)
  const n = Number(amount)
  if (amount === '' || Number.isNaN(n)) return text
  return `${n.toLocaleString(language(), { maximumFractionDigits: 3 })} ${unitOf(unit)}`
}

/** unitOf is a unit in words. */
export function unitOf(unit: string): string {
  return sayWord('account', `unit_${unit}`).replace('unit_', '')
}

/** valueOf writes a key's value in words. */
export function valueOf(spec: Spec, value: unknown): string {
  if (value === null || value === undefined || value === '') return say('common.none')
  switch (spec.kind) {
    case 'duration':
    case 'size':
      return spec.words.includes(String(value)) ? choiceOf(spec.key, String(value)) : measured(spec.kind, String(value))
    case 'number':
      if (spec.key === 'retention.days' && value === 0) return say('account.forEver')
      return typeof value === 'number' ? count(value) : String(value)
    case 'switch':
      return value ? say('account.on') : say('account.off')
    case 'word':
    case 'zone':
      return choiceOf(spec.key, String(value))
    case 'version':
      return typeof value === 'string' ? choiceOf(spec.key, value) : say('account.pinnedTo', { version: (value as Pinned).pinned })
    case 'words':
      return (value as string[]).length ? (value as string[]).map((word) => `“${word}”`).join(', ') : say('common.none')
  }
  return JSON.stringify(value)
}

/** allowedOf says what may stand at a key: "1 min – 10 min"; empty where anything may. */
export function allowedOf(spec: Spec): string {
  const kind = spec.kind
  if (kind === 'words') return spec.max ? say('account.atMost', { n: Number(spec.max) }) : ''
  if (kind !== 'duration' && kind !== 'size' && kind !== 'number') return ''
  const write = (text: string) => (kind === 'number' ? count(Number(text)) : measured(kind, text))
  const range = spec.max ? say('account.range', { low: write(spec.min), high: write(spec.max) }) : say('account.anySize')
  return [range, ...spec.words.map((word) => choiceOf(spec.key, word))].filter(Boolean).join(say('account.or'))
}

/** flawWords says what is wrong with a value. */
export function flawWords(spec: Spec, flaw: Flaw): string {
  return say(flaw.say, { allowed: allowedOf(spec), step: spec.step ? measured('duration', spec.step) : '' })
}

/** weekWords writes a week's spans: "Mon–Fri 08:00–18:00". */
export function weekWords(week: Week): string {
  const parts: string[] = []
  for (let i = 0; i < 7; ) {
    let end = i
    while (end < 6 && JSON.stringify(week[end + 1]) === JSON.stringify(week[i])) end++
    if (week[i]!.length) {
      const days = end > i ? `${weekday(i)}–${weekday(end)}` : weekday(i)
      parts.push(`${days} ${week[i]!.map((span) => `${timeOf(span.from)}–${timeOf(span.to)}`).join(', ')}`)
    }
    i = end + 1
  }
  return parts.join('; ') || say('account.never')
}

/** weekday names a day of the week, 0 being Monday: "Mon". */
export function weekday(day: number, width: 'short' | 'long' = 'short'): string {
  return new Intl.DateTimeFormat(language(), { weekday: width, timeZone: 'UTC' }).format(new Date(Date.UTC(2024, 0, 1 + day)))
}

/** A change of a part of the account: what it is called, and its old and new value in words. */
export interface Difference {
  name: string
  old: string
  new: string
}

/** differencesOf says what a draft changes at a key; structures part by part. */
export function differencesOf(key: AccountKey, value: unknown, keys: AccountKey[]): Difference[] {
  const now = JSON.parse(key.value)
  if (key.kind !== 'structure') return [{ name: say('account.inSection', { section: sayWord('account', `section_${sectionOf(key.key)}`), name: nameOf(key.key) }), old: valueOf(key, now), new: valueOf(key, value) }]
  const [before, after] = [partsOf(key.key, now, keys), partsOf(key.key, value, keys)]
  const differences = [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name))
    .map((name) => ({ name, old: before.get(name) ?? say('common.none'), new: after.get(name) ?? say('common.none') }))
  return differences.length ? differences : [{ name: nameOf(key.key), old: say('account.asInFile'), new: say('account.default') }]
}

/** deviceName is what a device is called, once that is known. */
export function deviceName(id: string): string {
  return choices.known?.devices.find((one) => one.id === id)?.name ?? id
}

/** partsOf gives the parts of a structure by their names, in words. */
function partsOf(key: string, value: unknown, keys: AccountKey[]): Map<string, string> {
  const parts = new Map<string, string>()
  const name = nameOf(key)
  if (key === 'schedules') {
    for (const [schedule, days] of Object.entries((value ?? {}) as Record<string, Days>)) parts.set(`${name}: ${schedule}`, weekWords(weekOf(days)))
  } else if (key === 'schedule') {
    const use = value as { default: string; groups?: { group: string; use: string }[] }
    parts.set(say('account.scheduleDefault'), choiceOf(key, use.default))
    parts.set(say('account.scheduleGroups'), (use.groups ?? []).map((one) => `${one.group}: ${choiceOf(key, one.use)}`).join(', ') || say('common.none'))
  } else if (key === 'overrides') {
    const overridable = keys.filter((one) => one.overridable)
    for (const [i, one] of ((value ?? []) as Nested[]).entries()) {
      const override = overrideOf(one, overridable.map((each) => each.key))
      const values = overridable.filter((each) => each.key in override.values).map((each) => `${nameOf(each.key)}: ${valueOf(each, override.values[each.key])}`)
      parts.set(say('account.overrideOf', { n: i + 1 }), [[...override.devices.map(deviceName), ...override.groups].join(', '), ...values].join(' · '))
    }
  } else if (key === 'updates.rollout') {
    const { plan, every, halt } = value as Rollout
    parts.set(nameOf('updates.rollout.plan'), planText(plan))
    parts.set(nameOf('updates.rollout.every'), measured('duration', every))
    parts.set(nameOf('updates.rollout.halt'), count(halt))
  } else {
    for (const [part, one] of Object.entries((value ?? {}) as Nested)) {
      parts.set(nameOf(`${key}.${part}`), typeof one === 'boolean' ? say(one ? 'account.on' : 'account.off') : String(one))
    }
  }
  return parts
}

/** actorWords is who changed something. */
export function actorWords(actor: string): string {
  switch (actor) {
    case 'file':
      return say('account.byFile')
    case 'collector':
      return say('account.byCollector')
    case 'administrator (local)':
      return say('common.local')
  }
  return actor
}
