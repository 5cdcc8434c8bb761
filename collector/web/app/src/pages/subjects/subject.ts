// What is classified, and what rules say of it.

import type { MessageInitShape } from '@bufbuild/protobuf'
import type { Rule, RuleChange, RuleSchema } from '../../contract/gen/dayline/admin/v1/admin_pb'

export const kinds = ['app', 'site', 'url'] as const
export type Kind = (typeof kinds)[number]

/** Subject is an application, a site, or all addresses that begin alike. */
export interface Subject {
  kind: Kind
  name: string
}

/** Says is a status and a category; empty where none is said. */
export interface Says {
  status: string
  category: string
}

export interface Exception extends Says {
  group: string
}

/** Entry is a rule of classification.yaml with its exceptions, of which the first group that fits wins. */
export interface Entry extends Says {
  subject: Subject
  exceptions: Exception[]
}

/** Change is what Classify takes. */
export type Change = MessageInitShape<typeof RuleSchema>

/** subjectOf gives what a rule is about. */
export function subjectOf(rule: { app: string; site: string; url: string }): Subject {
  const kind = kinds.find((one) => rule[one] !== '') ?? 'app'
  return { kind, name: rule[kind] }
}

/** asked names a subject in a request. */
export function asked({ kind, name }: Subject): { app?: string; site?: string; url?: string } {
  return { [kind]: name.trim() }
}

/** kindOf guesses what somebody typed: an address has a path or a scheme, a site a domain, all else is an application. */
export function kindOf(text: string): Kind {
  const word = text.trim().toLowerCase()
  if (/^https?:\/\//.test(word)) return /^https?:\/\/[^/?#]+\/?$/.test(word) ? 'site' : 'url'
  if (/^[^/\s]+\.[^/\s]+\/./.test(word)) return 'url'
  if (/\.(exe|app|msc|scr|jar)$/.test(word) || /^(com|org|net|io|de)\.[^.]+\../.test(word)) return 'app'
  return /^[^\s/]+\.[a-zß-ÿ]{2,}$/.test(word) ? 'site' : 'app'
}

/** entriesOf puts the exceptions of a list of rules under their rules, in its order. */
export function entriesOf(rules: Rule[]): Entry[] {
  const entries = new Map<string, Entry>()
  for (const rule of rules) {
    const subject = subjectOf(rule)
    const key = `${subject.kind} ${subject.name}`
    let entry = entries.get(key)
    if (!entry) entries.set(key, (entry = { subject, status: '', category: '', exceptions: [] }))
    const says = { status: rule.status, category: rule.category }
    if (rule.group) entry.exceptions.push({ group: rule.group, ...says })
    else Object.assign(entry, says)
  }
  return [...entries.values()]
}

/** entryFor finds the rule about the very subject: hosts are compared without "www." and case, applications without case where
 * none is spelt alike. */
export function entryFor(entries: Entry[], { kind, name }: Subject): Entry | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/^www\./, '')
  const ofKind = entries.filter((entry) => entry.subject.kind === kind)
  return ofKind.find((entry) => entry.subject.name === name) ?? ofKind.find((entry) => plain(entry.subject.name) === plain(name))
}

const none = '-'

/** change says of a subject, or of its exception, exactly what is given: what is empty is taken away. */
function change(subject: Subject, says: Says, group = ''): Change {
  return { ...asked(subject), group, status: says.status || none, category: says.category.trim() || none }
}

const alike = (a: Says, b: Says) => a.status === b.status && a.category === b.category

/** changesOf gives what makes a rule another: nothing where they say the same. Where any exception differs all of them are named,
 * so that they come in their order. */
export function changesOf(before: Entry | undefined, after: Entry): Change[] {
  const was = before ?? { ...after, status: '', category: '', exceptions: [] }
  const changes: Change[] = alike(was, after) ? [] : [change(after.subject, after)]
  const same = was.exceptions.length === after.exceptions.length
    && was.exceptions.every((one, i) => one.group === after.exceptions[i]!.group && alike(one, after.exceptions[i]!))
  if (same) return changes
  const gone = was.exceptions.filter((one) => !after.exceptions.some(({ group }) => group === one.group))
  return [
    ...changes,
    ...after.exceptions.map((one) => change(after.subject, one, one.group)),
    ...gone.map((one) => change(after.subject, { status: '', category: '' }, one.group)),
  ]
}

/** removalOf takes a rule away, exceptions and all. */
export function removalOf(entry: Entry): Change[] {
  return [...changesOf(entry, { ...entry, status: '', category: '', exceptions: [] })]
}

/** undoOf gives what takes changes back. */
export function undoOf(changes: RuleChange[]): Change[] {
  return changes.map(({ rule, oldStatus, oldCategory }) =>
    change(subjectOf(rule!), { status: oldStatus, category: oldCategory }, rule!.group),
  )
}
