// A person's day, people's totals and working hours: what the pages show is what the contract says, by keyboard too.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { blockMarks } from '../src/parts/band'
import { contract, openBrowser, signedIn, watched } from './studio'

let browser: Browser
before(async () => {
  browser = await openBrowser()
})
after(() => browser.close())

const manager = contract('manager')
const month = await manager.reportHours({ range: 'last_30_days' })
const today = (await manager.whoAmI({})).today
/** The last whole day that somebody in the manager's group worked. */
const row = month.rows.findLast((one) => one.totalSeconds > 0 && one.day < today)!
const ask = { person: row.person, from: row.day, to: row.day }
const clock = (instant: string) => instant.slice(11, 16)
function hours(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`
}

test('a day is drawn and told as the contract has it, down to single activities', async () => {
  const report = await manager.reportTimeline({ ask })
  const context = await signedIn(browser, 'manager')
  const at = await watched(context)
  await at.open(`/people/${row.person}?from=${row.day}`)
  assert.equal(await at.page.locator('h1').innerText(), row.name)
  const figures = await at.page.getByRole('region', { name: 'The day in figures' }).innerText()
  for (const figure of [clock(row.firstActivity), clock(row.lastActivity), `${row.breaks} (`]) assert.ok(figures.includes(figure), `${figure}: ${figures}`)

  const line = at.page.getByRole('listbox', { name: 'The day on a line' })
  const details = at.page.locator('.details')
  await line.press('0')
  const marks = blockMarks(report)
  await at.page.waitForFunction((n) => document.querySelectorAll('[role="option"]').length === n, marks.length)
  await line.press('Home')
  await details.getByText(`00:00 – ${clock(report.blocks[0]!.start).slice(0, 2)}`).waitFor()
  for (let i = 0; i < 5 && !/productive|undefined/.test(await details.innerText()); i++) await line.press('ArrowRight')
  const most = report.blocks[0]!
  assert.match(await details.innerText(), new RegExp(most.product || most.app))

  // From near, what was done is told by its title; the address gives the same view to another.
  for (let i = 0; i < 5; i++) await line.press('+')
  const { rows } = await manager.listActivity({ ask, limit: 100 })
  const first = rows.find((one) => one.state !== 'locked')!
  await details.getByText(first.title, { exact: true }).waitFor()
  // The address follows once the keys rest: it is the view's when it has stayed the same for longer than that.
  await at.page.waitForFunction(
    () => {
      const before = document.body.dataset.search
      document.body.dataset.search = location.search
      return before === location.search && /zoom=.*at=|at=.*zoom=/.test(before)
    },
    undefined,
    { polling: 800 },
  )
  const again = await watched(context)
  await again.page.goto(at.page.url())
  await again.settled()
  await again.page.locator('.details').getByText(first.title, { exact: true }).waitFor()
  assert.equal(await again.page.getByRole('listbox').getAttribute('aria-activedescendant').then(Boolean), true)
  assert.deepEqual([...at.faults, ...again.faults], [])
  await context.close()
})

test('working hours show every day of everybody, absent ones with their reason, and lead to the day', async () => {
  const people = await manager.reportPeople({ range: 'last_30_days' })
  const context = await signedIn(browser, 'manager')
  const at = await watched(context)
  await at.open('/hours')
  const cells = await at.page.locator('td a').evaluateAll((all) => all.map((a) => `${a.getAttribute('href')} ${a.textContent}`.trim()))
  const expected = month.rows.map((one) => `/people/${one.person}?from=${one.day} ${one.totalSeconds > 0 ? hours(one.totalSeconds) : ''}`.trim())
  const past = (list: string[]) => list.filter((text) => !text.includes(`from=${today}`)).sort() // today goes on
  assert.deepEqual(past(cells), past(expected))
  assert.equal(await at.page.locator('tbody tr').count(), people.rows.length)
  const absent = month.rows.find((one) => one.totalSeconds === 0)!
  assert.equal(await at.page.locator(`td a[href="/people/${absent.person}?from=${absent.day}"]`).innerText(), '')

  // The Tab key stops once; the arrows go from cell to cell.
  await at.page.getByRole('searchbox').focus()
  for (let i = 0; i < 5 && !(await at.page.locator('td a:focus').count()); i++) await at.page.keyboard.press('Tab')
  await at.page.keyboard.press('Control+End')
  await at.page.keyboard.press('Enter')
  await at.page.waitForURL(/\/people\/.+from=/)
  assert.deepEqual(at.faults, [])
  await context.close()
})

test('people are listed by name, with the totals of the contract', async () => {
  const last = await manager.reportPeople({ range: 'last_week' })
  const context = await signedIn(browser, 'manager')
  const at = await watched(context)
  await at.open('/people?range=last_week')
  const shown = await at.page.locator('tbody tr').evaluateAll((all) => all.map((tr) => [...tr.querySelectorAll('th, td')].map((cell) => (cell as HTMLElement).innerText.trim())))
  const byName = last.rows.toSorted((a, b) => a.name.localeCompare(b.name))
  assert.deepEqual(
    shown.map((cells) => [cells[0], cells[2], cells[3], cells[4], cells[5]]),
    byName.map((one) => [one.name, hours(one.activeSeconds), hours(one.passiveSeconds), hours(one.totalSeconds), String(one.days)]),
  )
  assert.deepEqual(at.faults, [])
  await context.close()
})

test('who may see totals alone sees the figures of a day, and no line', async () => {
  const other = (await contract('viewer').reportPeople({ range: 'last_week' })).rows[0]!
  const context = await signedIn(browser, 'viewer')
  const at = await watched(context)
  await at.open(`/people/${other.person}?from=${other.lastActivity.slice(0, 10)}`)
  await at.page.getByRole('region', { name: 'The day in figures' }).waitFor()
  await at.page.getByText('single activities are not shown to you').waitFor()
  assert.equal(await at.page.getByRole('listbox', { name: 'The day on a line' }).count(), 0)
  assert.deepEqual(at.faults, [])
  await context.close()
})
