// Overrides: what holds for some devices instead of the account's values, as the file nests it and as rows show it.

/** An override as account.yaml has it. */
export type Nested = { [key: string]: unknown }

export interface Override {
  devices: string[]
  groups: string[]
  /** By dotted key: "passive.stop". */
  values: Record<string, unknown>
}

/** overrideOf takes an override apart; keys are those that may stand in one. */
export function overrideOf(nested: Nested, keys: string[]): Override {
  const values: Record<string, unknown> = {}
  for (const key of keys) {
    let at: unknown = nested
    for (const part of key.split('.')) at = typeof at === 'object' && at !== null ? (at as Nested)[part] : undefined
    if (at !== undefined && at !== null) values[key] = at
  }
  return { devices: (nested.devices as string[] | undefined) ?? [], groups: (nested.groups as string[] | undefined) ?? [], values }
}

/** nestedOf puts it together again. */
export function nestedOf(override: Override): Nested {
  const nested: Nested = {}
  if (override.devices.length) nested.devices = override.devices
  if (override.groups.length) nested.groups = override.groups
  for (const [key, value] of Object.entries(override.values)) {
    const parts = key.split('.')
    let at = nested
    for (const part of parts.slice(0, -1)) at = (at[part] ??= {}) as Nested
    at[parts.at(-1)!] = value
  }
  return nested
}

/** moved gives a list with one item a place further on, or back. */
export function moved<Item>(list: Item[], from: number, by: 1 | -1): Item[] {
  const next = [...list]
  const [item] = next.splice(from, 1)
  next.splice(from + by, 0, item!)
  return next
}
