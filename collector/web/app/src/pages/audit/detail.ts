// What an entry of the audit log says beside who, what and about whom, as people read it.

import { count } from '../../format/amount'
import { day, moment } from '../../format/clock'
import { browserText } from '../../parts/browser'
import { say, sayWord } from '../../text/text'

/** Line is one thing that was noted. */
export interface Line {
  name: string
  text: string
}

/** ChangeLine is one setting's old and new value. */
export interface ChangeLine {
  key: string
  before: string
  after: string
}

/** What begins: a question's report and its days. */
const first = ['report', 'from', 'to']

/** What the contract has its own words for. */
const words: Record<string, (value: string) => string> = {
  browser: browserText,
  how: (value) => wordOf('security', `how.${value}`, value),
  report: (value) => wordOf('myDay', `report.${value}`, value),
}

function wordOf(area: 'security' | 'myDay' | 'audit', key: string, value: string): string {
  const said = sayWord(area, key)
  return said === key ? value : said
}

/** How many of a list's values are written out. */
const listed = 8

/** detailOf reads an entry's JSON; named gives what an id is called. */
export function detailOf(detail: string, named: (id: string) => string): { lines: Line[]; changes: ChangeLine[] } {
  let noted: unknown
  try {
    noted = JSON.parse(detail || 'null')
  } catch {
    return { lines: [{ name: '', text: detail }], changes: [] }
  }
  if (noted === null || typeof noted !== 'object') return { lines: [], changes: [] }
  const { changes, ...rest } = noted as Record<string, unknown>
  const place = (name: string) => first.indexOf(name) + 1 || first.length + 1
  const lines = Object.entries(rest)
    .sort(([a], [b]) => place(a) - place(b))
    .map(([name, value]) => ({ name: nameOf(name), text: words[name]?.(String(value)) ?? textOf(value, named) }))
    .filter(({ text }) => text !== '')
  return { lines, changes: Array.isArray(changes) ? changes.map(changeOf) : [] }
}

function changeOf(change: { key?: string; old?: string; new?: string }): ChangeLine {
  const shown = (value?: string) => value || say('audit.unset')
  return { key: change.key ?? '', before: shown(change.old), after: shown(change.new) }
}

function nameOf(name: string): string {
  return wordOf('audit', `detail.${name}`, name.replaceAll('_', ' '))
}

function textOf(value: unknown, named: (id: string) => string): string {
  if (value === null || value === undefined || value === '' || value === 0) return ''
  if (typeof value === 'boolean') return say(value ? 'common.yes' : 'common.no')
  if (typeof value === 'number') return count(value)
  if (typeof value === 'string') {
    if (/^\d{4}-\d\d-\d\dT/.test(value)) return moment(value)
    return /^\d{4}-\d\d-\d\d$/.test(value) ? day(value) : named(value)
  }
  if (Array.isArray(value)) {
    const texts = value.slice(0, listed).map((one) => textOf(one, named))
    return value.length > listed ? `${texts.join(', ')} ${say('audit.and', { n: value.length - listed })}` : texts.join(', ')
  }
  const fields = value as Record<string, unknown>
  if (typeof fields.name === 'string' && fields.name) return fields.name
  return Object.entries(fields).map(([name, one]) => `${nameOf(name)} ${textOf(one, named)}`).join(', ')
}
