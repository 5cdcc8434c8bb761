// The dashboard, groups, categories and live: every number on them is the contract's, and what is absent or hidden says so.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Locator } from 'playwright-core'
import { daysOf } from '../src/pages/dashboard/days'
import { secondsOf, statuses } from '../src/parts/times'
import states from '../src/text/en/states'
import { contract, openBrowser, signedIn, watched } from './studio'

let browser: Browser
before(async () => {
  browser = await openBrowser()
})
after(() => browser.close())

const manager = contract('manager')
const week = { range: 'last_week' }
const minutes = (seconds: number) => Math.round(seconds / 60)
const two = (n: number) => String(n).padStart(2, '0')
const length = (seconds: number) =>
  seconds < 59.5 ? `${Math.round(seconds)} s` : minutes(seconds) < 60 ? `${minutes(seconds)} min` : `${Math.floor(minutes(seconds) / 60)} h ${two(minutes(seconds) % 60)} min`
const hours = (seconds: number) => `${Math.floor(minutes(seconds) / 60)}:${two(minutes(seconds) % 60)}`
const shown = (seconds: number) => (seconds > 0 ? length(seconds) : '–')
/** told gives the text of each element, its parts apart by one space. */
const told = (all: Locator) => all.evaluateAll((elements) => elements.map((one) => (one as HTMLElement).innerText.split(/\s*[\n\t]\s*/).join(' ').trim()))
const percent = (part: number) => new Intl.NumberFormat('en-GB', { style: 'percent', maximumFractionDigits: part > 0 && part < 0.0995 ? 1 : 0 }).format(part)

test('the dashboard tells what the contract tells, and opens a day by keyboard', async () => {
  const report = await manager.reportDashboard(week)
  const context = await signedIn(browser, 'manager')
  const at = await watched(context)
  await at.open('/dashboard?range=last_week')

  const totals = at.page.getByRole('region', { name: 'Totals by class' })
  const line = (name: string, active: number, passive: number, share: string) =>
    [name, shown(active + passive), ...(share ? [share] : []), shown(active), shown(passive)].join(' ')
  assert.deepEqual(await told(totals.locator('tbody tr')), [
    ...statuses.map((status) => {
      const [active, passive] = secondsOf(report.times!, status)
      return line(status, active, passive, percent((active + passive) / report.times!.total))
    }),
    line('Total', report.times!.active, report.times!.passive, ''),
  ])

  const listed = async (name: string) => told(at.page.getByRole('list', { name, exact: true }).getByRole('listitem'))
  assert.deepEqual(await listed('People by name'), report.people.map((row) => `${row.name} ${length(row.totalSeconds)}`))
  for (const [name, rows] of [
    ['Applications', report.apps.map((row) => ({ ...row, name: row.product || row.app }))],
    ['Sites', report.sites.map((row) => ({ ...row, name: row.site }))],
  ] as const) {
    assert.deepEqual(await listed(name), rows.map((row) => `${row.name} (${row.status}) ${percent(row.share)} ${length(row.totalSeconds)}`))
  }
  assert.deepEqual(await listed('Categories'), report.categories.map((row) => `${row.category || 'without a category'} ${percent(row.share)} ${length(row.totalSeconds)}`))

  const days = daysOf(report.days!.from, report.days!.to)
  assert.match(await at.page.locator('main').innerText(), new RegExp(`${report.peopleCount} of \\d+ people with data on ${report.rows.length} of ${days.length} days`))
  await at.page.getByText('Show as a table').click()
  const rows = at.page.locator('figure tbody tr')
  await rows.first().waitFor()
  assert.deepEqual(
    (await told(rows)).map((text) => text.replace(/^.*?20\d\d /, '')),
    days.map((day) => {
      const row = report.rows.find((one) => one.day === day)
      if (!row) return 'no data'
      return [hours(row.times!.total), ...statuses.flatMap((status) => secondsOf(row.times!, status).map(hours)), row.people].join(' ')
    }),
  )

  const chart = at.page.getByRole('application')
  await chart.locator('canvas').waitFor()
  await chart.press('End')
  await chart.press('Home')
  await chart.press('Enter')
  await at.page.waitForURL(`**/dashboard?from=${days[0]}`)
  await at.settled()
  assert.equal(await at.page.locator('.big').innerText(), length(report.rows[0]!.times!.total))
  await at.page.goBack()
  await at.page.waitForURL('**/dashboard?range=last_week')
  assert.deepEqual(at.faults, [])
  await context.close()
})

test('a day without data of one person says why, as the contract does', async () => {
  const { rows } = await manager.reportHours({ range: 'last_30_days' })
  const person = rows.find((row) => row.absence && row.absence !== 'unknown')!.person
  const context = await signedIn(browser, 'manager')
  const at = await watched(context)
  await at.open(`/dashboard?range=last_30_days&person=${person}`)
  await at.page.getByText('Show as a table').click()
  const known = rows.filter((row) => row.person === person && row.absence)
  const words: Record<string, string> = states
  await at.page.locator('figure').getByText(words[known[0]!.absence]!, { exact: true }).first().waitFor()
  for (const row of known) {
    const day = new Date(`${row.day}T00:00:00Z`).toLocaleDateString('en', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
    assert.equal(await at.page.getByRole('row', { name: `${day} ${words[row.absence]}` }).count(), 1, `${day}: ${row.absence}`)
  }
  assert.deepEqual(at.faults, [])
  await context.close()
})

test('groups and categories are the contract’s rows, and a group opens its dashboard', async () => {
  const admin = contract('admin')
  const [groups, categories] = await Promise.all([admin.reportGroups(week), admin.reportCategories(week)])
  const context = await signedIn(browser, 'admin')
  const at = await watched(context)
  await at.open('/categories?range=last_week')
  assert.deepEqual(
    await told(at.page.locator('tbody tr')),
    categories.rows.map((row) => [row.category || 'without a category', length(row.totalSeconds), percent(row.share), row.people, length(row.activeSeconds), length(row.passiveSeconds)].join(' ')),
  )
  await at.open('/groups?range=last_week')
  assert.deepEqual(
    await told(at.page.locator('tbody tr')),
    groups.rows
      .toSorted((a, b) => a.group.localeCompare(b.group))
      .map((row) => [row.group, length(row.meanSeconds), row.people, length(row.totalSeconds), length(row.activeSeconds), length(row.passiveSeconds)].join(' ')),
  )
  const [group] = groups.rows
  await at.page.getByRole('link', { name: group!.group }).click()
  await at.page.waitForURL(`**/dashboard?range=last_week&group=${group!.group}`)
  await at.settled()
  assert.equal(await at.page.locator('.big').innerText(), length(group!.totalSeconds))
  assert.deepEqual(at.faults, [])
  await context.close()
})

test('live shows the sessions of the contract, asks again by itself, and a viewer sees its own alone', async () => {
  const context = await signedIn(browser, 'manager')
  const at = await watched(context)
  await at.page.clock.install()
  await at.open('/live')
  const { rows } = await manager.reportLive({})
  assert.deepEqual(await told(at.page.locator('tbody th a')), rows.map((row) => row.name))
  for (const row of rows.filter((one) => one.product)) assert.ok(await at.page.getByText(row.product).count(), row.product)
  for (const row of rows.filter((one) => one.title)) assert.ok(await at.page.getByTitle(row.title, { exact: true }).count(), row.title)
  const again = at.page.waitForRequest('**/ReportLive')
  await at.page.clock.fastForward(11_000)
  await again
  await at.page.getByRole('button', { name: 'active' }).first().click()
  await at.page.waitForURL('**/live?state=active')
  assert.equal((await told(at.page.locator('tbody th'))).length, rows.filter((row) => row.state === 'active').length)
  assert.deepEqual(at.faults, [])
  await context.close()

  const own = await signedIn(browser, 'viewer')
  const viewers = await watched(own)
  await viewers.open('/live')
  const text = await viewers.page.locator('main').innerText()
  assert.match(text, /your own sessions/)
  for (const row of rows) assert.equal(text.includes(row.name), false, row.name)
  await own.close()
})

test('where people are too few for a viewer, the page says that something is hidden and names nobody', async () => {
  const admin = contract('admin')
  await admin.setConfig({ key: 'privacy.min_people', value: '3' })
  const report = await contract('viewer').reportDashboard(week)
  assert.equal(report.people.length, 0, 'the studio’s viewer has no time of its own')
  const context = await signedIn(browser, 'viewer')
  const at = await watched(context)
  await at.open('/dashboard?range=last_week')
  const text = await at.page.locator('.loaded').innerText()
  assert.match(text, /Times of single people are not shown to you/)
  for (const row of (await admin.reportPeople(week)).rows) assert.equal(text.includes(row.name), false, row.name)
  await at.open('/dashboard?range=last_week&group=Design')
  assert.match(await at.page.locator('main').innerText(), /too few people for you to see/)
  await admin.setConfig({ key: 'privacy.min_people', unset: true })
  assert.deepEqual(at.faults, [])
  await context.close()
})
