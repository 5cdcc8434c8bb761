import { collector, failureOf } from '../../contract/collector'
import type { AccountKey, ConfigConflict, EditConfigResponse, ShowAccountResponse } from '../../contract/gen/dayline/admin/v1/admin_pb'
import { drafted, defaulted, editsOf, kept, type Drafts } from './draft'
import { overrideOf, type Nested } from './override'
import { flawOfRollout, type Rollout } from './rollout'
import { backwards, weekOf, type Days } from './schedule'
import { flawOf, type Flaw } from './value'

/** Account is account.yaml as the collector shows it, and what was changed in the page and not saved yet. */
export class Account {
  #shown = $state.raw<ShowAccountResponse>()!
  drafts = $state.raw<Drafts>({})
  /** What was refused, and the field it is about. */
  refusal = $state.raw<{ field: string; reason: string }>()
  /** Keys that somebody else changed meanwhile, and the revision at which they stand like that. */
  contested = $state.raw<{ conflicts: ConfigConflict[]; revision: string }>()
  /** What the last saving did. */
  done = $state.raw<EditConfigResponse>()
  saving = $state(false)

  constructor(shown: ShowAccountResponse) {
    this.#shown = shown
  }

  get shown() {
    return this.#shown
  }
  get keys(): AccountKey[] {
    return this.#shown.keys
  }

  /** key gives what is known of a key; undefined where the collector has none of that name. */
  key(name: string): AccountKey | undefined {
    return this.keys.find((key) => key.key === name)
  }
  /** value is what stands at a key, as changed in the page. */
  value(name: string): unknown {
    return this.drafts[name] ? this.drafts[name].value : JSON.parse(this.key(name)?.value ?? 'null')
  }
  set(name: string, value: unknown) {
    this.#change(drafted(this.drafts, this.key(name)!, value), name)
  }
  reset(name: string) {
    this.#change(defaulted(this.drafts, this.key(name)!), name)
  }
  /** forget drops what was changed at a key, or everywhere. */
  forget(name?: string) {
    const { [name ?? '']: _, ...others } = this.drafts
    this.drafts = name ? others : {}
    this.refusal = undefined
  }
  #change(drafts: Drafts, name: string) {
    this.drafts = drafts
    this.done = undefined
    if (this.refusal && below(this.refusal.field, name)) this.refusal = undefined
  }

  readonly changed = $derived(this.keys.filter((key) => this.drafts[key.key]))

  /** Why what was changed cannot be saved, by key. */
  readonly flaws = $derived(
    new Map(this.changed.map((key) => [key.key, this.#flaw(key, this.drafts[key.key]!.value)] as const).filter(([, flaw]) => flaw)),
  )
  #flaw(key: AccountKey, value: unknown): Flaw | undefined {
    const none = { low: '', high: '' }
    if (key.key === 'schedules') {
      return Object.values(value as Record<string, Days>).some((days) => backwards(weekOf(days))) ? { say: 'account.flawSpan', ...none } : undefined
    }
    if (key.key === 'updates.rollout') return flawOfRollout(value as Rollout)
    if (key.key === 'overrides') {
      const keys = this.keys.filter((one) => one.overridable)
      for (const nested of value as Nested[]) {
        const override = overrideOf(nested, keys.map((one) => one.key))
        if (override.devices.length + override.groups.length === 0) return { say: 'account.flawNobody', ...none }
        if (keys.some((one) => one.key in override.values && flawOf(one, override.values[one.key]))) return { say: 'account.flawOverride', ...none }
      }
      return undefined
    }
    return flawOf(key, value)
  }

  /** refused gives why the collector refused what stands at a key or below it. */
  refused(name: string): string {
    return this.refusal && below(this.refusal.field, name) ? this.refusal.reason : ''
  }

  /** reload shows the file as it is now, and keeps what was changed in the page. */
  async reload() {
    this.#shown = await collector.showAccount({})
    this.drafts = kept(this.drafts, this.keys)
  }

  /** save puts all that was changed into the file, or nothing. Throws what is not about a field. */
  async save(seen = this.#shown.revision) {
    this.saving = true
    this.refusal = undefined
    try {
      const answer = await collector.editConfig({ revision: seen, edits: editsOf(this.drafts, this.keys) })
      if (answer.conflicts.length > 0) {
        this.contested = answer
        return
      }
      this.contested = undefined
      this.drafts = {}
      this.done = answer
      await this.reload()
    } catch (thrown) {
      const failure = failureOf(thrown)
      if (!this.keys.some((key) => below(failure.field, key.key))) throw failure
      this.refusal = { field: failure.field, reason: failure.message }
      this.contested = undefined
    } finally {
      this.saving = false
    }
  }

  /** settle ends a conflict: of these keys the others' values stay, of all else what was changed here is saved. */
  async settle(theirs: string[]) {
    const { revision } = this.contested!
    this.drafts = Object.fromEntries(Object.entries(this.drafts).filter(([name]) => !theirs.includes(name)))
    if (this.changed.length > 0) return this.save(revision)
    this.contested = undefined
    await this.reload()
  }
}

/** below tells whether a field of the file is a key or lies in it. */
function below(field: string, key: string): boolean {
  return field === key || field.startsWith(key + '.') || field.startsWith(key + '[')
}
