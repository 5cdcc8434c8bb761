// Every number on every page that reports, as each role: it is the contract's answer to the same viewer, cell by cell.

import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContext } from 'playwright-core'
import * as looks from './looks'
import * as day from './looks-day'
import { table, words } from './shown'
import { contact, contract, openBrowser, roles, signedIn, studio, watched, type Role } from './studio'
import { device, hours, length, twelveIn, word, type Clock } from './words'

let browser: Browser
before(async () => {
  browser = await openBrowser()
})
after(() => browser.close())

const { today } = await contract('admin').whoAmI({})
const ago = (days: number) => new Date(Date.parse(today) - days * 86_400_000).toISOString().slice(0, 10)

/** as gives a looker of that role, and what to close at the end. */
async function as(role: Role, clock: Clock = device): Promise<[looks.Looker, BrowserContext]> {
  const context = await signedIn(browser, role)
  const ask = contract(role)
  return [{ at: await watched(context), ask, who: await ask.whoAmI({}), clock }, context]
}

/** worked gives a person of whom the looker has a day with time, and one without, both before today. */
async function worked(by: looks.Looker) {
  const { rows } = await by.ask.reportHours({ from: ago(21), to: ago(1) })
  const person = rows.find((row) => row.absence && row.absence !== 'off' && rows.some((one) => one.person === row.person && one.totalSeconds > 0))?.person ?? rows[0]?.person
  const of = rows.filter((row) => row.person === person)
  return { person, some: of.findLast((row) => row.totalSeconds > 0)?.day, none: of.findLast((row) => row.absence && row.absence !== 'off')?.day ?? of.find((row) => row.absence)?.day }
}

const week = { range: 'last_7_days' }
const span = { from: ago(16), to: ago(5) }

for (const role of roles) {
  describe(role, () => {
    test('sees the totals of the contract', async () => {
      const [by, context] = await as(role)
      await looks.dashboard(by, week)
      await looks.people(by, week)
      await looks.subjects(by, 'app', week)
      await looks.subjects(by, 'site', week)
      await looks.categories(by, week)
      await looks.groups(by, week)
      await looks.hoursMap(by, span)
      await looks.hoursTable(by, week)
      assert.deepEqual(by.at.faults, [])
      await context.close()
    })
    test('sees days, activities and sessions as the contract has them', async () => {
      const [by, context] = await as(role)
      const { person, some, none } = await worked(by)
      if (person && some) await day.day(by, person, some)
      if (person && none) await day.day(by, person, none)
      if (person) await day.days(by, person, span)
      assert.equal(Boolean(person && some && none), by.who.everyone || by.who.viewableGroups.length > 0 || by.who.person !== '', 'of whom days were compared')
      await looks.activity(by, { from: ago(6), to: ago(1) })
      await looks.live(by, {})
      await looks.devices(by)
      if (by.who.may.includes('ShowExtension')) await looks.extension(by)
      if (by.who.may.includes('ListPending')) await looks.pending(by, { range: 'last_30_days' })
      if (by.who.may.includes('Storage')) for (const part of ['months', 'people', 'devices'] as const) await looks.storage(by, part)
      if (by.who.person && some) await day.own(by, some)
      assert.deepEqual(by.at.faults, [])
      await context.close()
    })
  })
}

test('filters and days narrow the pages as they narrow the answers', async () => {
  const [by, context] = await as('admin')
  const dora = (await by.ask.listPeople({})).people.find((one) => one.name === 'Dora Novak')!.id
  const desk = (await by.ask.listDevices({})).devices.find((one) => one.name === 'iris')!.id
  const questions: looks.Question[] = [
    { range: 'today' }, { ...span, group: 'Support' }, { ...week, person: dora }, { ...week, device: desk, state: 'passive' }, { ...span, status: 'productive' },
  ]
  for (const question of questions) {
    await looks.dashboard(by, question)
    await looks.people(by, question)
  }
  await looks.subjects(by, 'app', { ...span, group: 'Design', status: 'unproductive' })
  await looks.subjects(by, 'site', { range: 'today', state: 'active' })
  await looks.hoursTable(by, { ...span, person: dora })
  await looks.categories(by, { range: 'today', device: desk })
  const narrowing: looks.Question[] = [{ state: 'locked' }, { status: 'unproductive' }, { search: 'harbour', group: 'Design' }]
  for (const question of narrowing) await looks.activity(by, { ...span, ...question })
  await looks.live(by, { group: 'Development' })
  await looks.pending(by, { range: 'last_7_days', group: 'Office' })
  assert.deepEqual(by.at.faults, [])
  await context.close()
})

test('what goes on is in the pages as far as it has gone', async () => {
  const [by, context] = await as('manager')
  const main = by.at.page.getByRole('main')
  const now = async () => {
    await contact()
    const { people, times } = await by.ask.reportDashboard({ range: 'today' })
    return new Map([...people.map((row) => [row.name, row.totalSeconds] as const), ['everybody', times!.total] as const])
  }
  /** between gives what may be shown of lengths that grew from one to the other, second by second. */
  const between = (least: number, most: number, written: (seconds: number) => string) => Array.from({ length: Math.ceil(most - least) + 1 }, (_, i) => written(Math.min(least + i, most)))
  let [seen, next] = [new Map<string, number>(), await now()]
  for (const path of ['/people', '/dashboard']) {
    seen = next
    await contact()
    await by.at.open(`${path}?range=today`)
    const people = await table(main, 'People and what their days add up to')
    const total = await main.getByRole('region', { name: 'Totals by class' }).getByRole('paragraph').allInnerTexts()
    next = await now()
    assert.ok(next.get('everybody')! > seen.get('everybody')!, 'nobody’s time has gone on')
    assert.equal(people.length + total.length, path === '/people' ? next.size - 1 : 2, path)
    for (const { Name, Total } of people) assert.ok(between(seen.get(Name!)!, next.get(Name!)!, hours).includes(Total!), `${Name}: ${seen.get(Name!)} … ${Total} … ${next.get(Name!)}`)
    if (total[0]) assert.ok(between(seen.get('everybody')!, next.get('everybody')!, length).includes(total[0]), `${seen.get('everybody')} … ${total[0]} … ${next.get('everybody')}`)
  }
  assert.deepEqual(by.at.faults, [])
  await context.close()
})

test('absence is told with its reason, and is never a zero', async () => {
  const [by, context] = await as('admin')
  const { rows } = await by.ask.reportHours({ from: ago(21), to: ago(1) })
  const reasons = new Map(rows.filter((row) => row.absence).map((row) => [row.absence, row]))
  assert.ok(reasons.size > 1, [...reasons.keys()].join())
  for (const row of reasons.values()) {
    await by.at.open(`/people/${row.person}?from=${row.day}`)
    const region = await words(by.at.page.getByRole('region', { name: 'The day in figures' }))
    assert.match(region, new RegExp(`No time was counted on this day: ${word[row.absence]}\\.`))
    assert.doesNotMatch(region, /\b0\b/)
  }
  await context.close()
})

test('the account’s clock and zone are those of every page', async () => {
  const file = `${studio.config}/account.yaml`
  const was = await readFile(file, 'utf8')
  await writeFile(file, `${was}\nreports: {clock: 12h, time_zone: Asia/Tokyo}\n`)
  try {
    for (let who = await contract('admin').whoAmI({}); who.clock !== '12h' || who.timeZone !== 'Asia/Tokyo'; ) who = await contract('admin').whoAmI({})
    const [by, context] = await as('admin', twelveIn(9))
    const { rows } = await by.ask.reportHours({ from: ago(9), to: ago(3) })
    const row = rows.find((one) => one.totalSeconds > 0 && /AM/.test(by.clock(one.firstActivity)) !== /AM/.test(by.clock(one.lastActivity)))
      ?? rows.find((one) => one.totalSeconds > 0)!
    await looks.people(by, { from: row.day, to: row.day })
    await looks.hoursMap(by, span)
    await looks.hoursTable(by, { from: row.day, to: row.day })
    await looks.activity(by, { from: row.day, to: row.day })
    await day.day(by, row.person, row.day)
    await day.days(by, row.person, span)
    await by.at.open('/dashboard')
    assert.match(await words(by.at.page.getByRole('main')), /time in Asia\/Tokyo/)
    await context.close()
  } finally {
    await writeFile(file, was)
  }
})
