// Keys that hold on every page. A page adds its own while it is shown.

import { untrack } from 'svelte'
import type { Key } from '../text/text'

export interface Shortcut {
  /** As KeyboardEvent.key has it. */
  key: string
  title: Key
  act: () => void
}

export const shortcuts: Shortcut[] = $state([])

/** useKeys adds shortcuts while a component is shown; those of a function, as long as it gives them. */
export function useKeys(given: Shortcut[] | (() => Shortcut[])) {
  $effect(() => {
    const list = typeof given === 'function' ? given() : given
    // Adding reads the list too: without untrack the effect would run for what it did itself.
    untrack(() => shortcuts.push(...list))
    return () => {
      for (const shortcut of list) {
        const at = shortcuts.findIndex((s) => s.key === shortcut.key)
        if (at >= 0) shortcuts.splice(at, 1)
      }
    }
  })
}

/** typing tells whether a key belongs to what is being written. */
export function typing(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement
  return event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) || target.isContentEditable
}
