// What a page shows, found as people find it: by a table's caption and its headers, by a list's name, by a figure's term. What
// is hidden from screen readers is left out, and what only they are told is taken in, behind the text that is seen.

import type { Locator } from 'playwright-core'

/** Cells are a row's words by the header of their column. */
export type Cells = Record<string, string>

/** wordsOf gives the words of each element. */
async function wordsOf(all: Locator): Promise<string[]> {
  const texts = await all.evaluateAll((elements) => {
    for (const element of elements) for (const hidden of element.querySelectorAll<HTMLElement>('[aria-hidden="true"]')) hidden.style.display = 'none'
    return elements.map((element) => [
      (element as HTMLElement).innerText,
      ...[...element.querySelectorAll('[aria-label]')].filter((one) => !one.closest('[aria-hidden="true"]')).map((one) => one.getAttribute('aria-label')),
    ].join(' '))
  })
  return texts.map((text) => text.replace(/\s+/g, ' ').trim())
}

/** words gives the words of the one element. */
export async function words(one: Locator): Promise<string> {
  return (await wordsOf(one))[0] ?? ''
}

/** table gives the rows of the table of that caption, in their order; none where there is no such table. */
export async function table(within: Locator, caption: string, role: 'table' | 'grid' = 'table'): Promise<Cells[]> {
  const found = within.getByRole(role, { name: caption, exact: true })
  if (!(await found.count())) return []
  const named = await found.locator('thead th').evaluateAll((all) => all.map((th) => th.getAttribute('aria-label') ?? ''))
  const head = (await wordsOf(found.locator('thead th'))).map((text, i) => named[i] || text)
  const sizes = await found.locator('tbody tr').evaluateAll((rows) => rows.map((row) => (row as HTMLTableRowElement).cells.length))
  const cells = await wordsOf(found.locator('tbody tr > *'))
  return sizes.map((size) => Object.fromEntries(cells.splice(0, size).map((text, i) => [head[i], text])))
}

/** list gives the words of each item of the list of that name; none where there is no such list. */
export function list(within: Locator, name: string): Promise<string[]> {
  return wordsOf(within.getByRole('list', { name, exact: true }).getByRole('listitem'))
}

/** items gives the words of each item in a part of a page that has one list alone. */
export function items(within: Locator): Promise<string[]> {
  return wordsOf(within.getByRole('listitem'))
}

/** figures gives what is said of each term. */
export async function figures(within: Locator): Promise<Cells> {
  const [terms, said] = [await wordsOf(within.locator('dt')), await wordsOf(within.locator('dd'))]
  return Object.fromEntries(terms.map((term, i) => [term, said[i]!]))
}
