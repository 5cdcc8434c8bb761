import type { Component } from 'svelte'
import type { Page } from './pages'

const modules = import.meta.glob<{ default: Component<Record<string, string>> }>('./*/Page.svelte')

/** load gets a page's component when it is opened. */
export function load(page: Page): Promise<Component<Record<string, string>>> {
  return modules[`./${page.name}/Page.svelte`]!().then((module) => module.default)
}
