// What was changed in the page and is not in the file yet.

import type { MessageInitShape } from '@bufbuild/protobuf'
import type { AccountKey, ConfigEditSchema } from '../../contract/gen/dayline/admin/v1/admin_pb'

/** A value to be put at a key, or that the key is to be taken out so that its default holds. */
export interface Draft {
  value: unknown
  unset: boolean
}

export type Drafts = Readonly<Record<string, Draft>>

/** equal compares values whatever the order of their names. */
export function equal(a: unknown, b: unknown): boolean {
  return written(a) === written(b)
}

function written(value: unknown): string {
  return JSON.stringify(value, (_, part) =>
    part && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}

/** drafted gives the drafts with a value at a key; one that stands there already is none. */
export function drafted(drafts: Drafts, key: AccountKey, value: unknown): Drafts {
  const { [key.key]: _, ...others } = drafts
  return equal(value, JSON.parse(key.value)) ? others : { ...others, [key.key]: { value, unset: false } }
}

/** defaulted gives the drafts with a key back at its default. */
export function defaulted(drafts: Drafts, key: AccountKey): Drafts {
  const { [key.key]: _, ...others } = drafts
  return key.set ? { ...others, [key.key]: { value: JSON.parse(key.default), unset: true } } : others
}

/** kept gives the drafts that still change something once the file is another: those of keys that are gone, or say the same
 * now, are dropped. */
export function kept(drafts: Drafts, keys: AccountKey[]): Drafts {
  let left: Drafts = {}
  for (const key of keys) {
    const draft = drafts[key.key]
    if (draft) left = draft.unset ? defaulted({ ...left }, key) : drafted(left, key, draft.value)
  }
  return left
}

/** editsOf gives the drafts as EditConfig takes them, in the order of the keys. */
export function editsOf(drafts: Drafts, keys: AccountKey[]): MessageInitShape<typeof ConfigEditSchema>[] {
  return keys
    .filter((key) => drafts[key.key])
    .map((key) => {
      const draft = drafts[key.key]!
      return draft.unset ? { key: key.key, unset: true } : { key: key.key, value: JSON.stringify(draft.value) }
    })
}
