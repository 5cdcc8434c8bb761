// Looks at a person's day, from the figures to each block, and at one's own.

import type { HoursRow, TimelineReport } from '../src/contract/gen/dayline/admin/v1/admin_pb'
import { same, says, type Looker, type Main } from './looks'
import { figures, items, list, table, words } from './shown'
import { bar, barOf, dayLong, dayShort, daysFrom, joined, later, length, moment, share, word } from './words'

/** singles tells whether the looker may see the person's single activities. */
const singles = ({ who }: Looker, person: string) => who.role !== 'viewer' || who.person === person

export async function day(by: Looker, person: string, date: string) {
  const ask = { person, from: date, to: date }
  await by.at.open(`/people/${person}?from=${date}&list=1`)
  const main = by.at.page.getByRole('main')
  const row = (await by.ask.reportHours(ask)).rows[0]!
  same(await main.getByRole('heading', { level: 1 }).innerText(), row.name, by)
  await theDay(by, main, person, row)
  await around(by, main, person)
  const [apps, sites] = await Promise.all([by.ask.reportApps(ask), by.ask.reportSites(ask)])
  const line = (name: string, one: (typeof apps.rows)[number] | (typeof sites.rows)[number]) =>
    joined(name, `(${one.status})`, share(one.share), length(one.totalSeconds), barOf(one.status, one.activeSeconds, one.passiveSeconds))
  same(await list(main, 'Applications'), apps.rows.slice(0, 8).map((one) => line(one.product || one.app, one)), by)
  same(await list(main, 'Sites'), sites.rows.slice(0, 8).map((one) => line(one.site, one)), by)
}

/** around compares every day of the strip below a day, whichever it has. */
async function around(by: Looker, main: Main, person: string) {
  const strip = main.locator('section', { has: by.at.page.getByRole('heading', { name: 'The days around' }) })
  const linked = await strip.getByRole('link').evaluateAll((all) => all.map((one) => new URL((one as HTMLAnchorElement).href).searchParams.get('from')!))
  const { rows } = await by.ask.reportHours({ person, from: linked[0]!, to: linked.at(-1)! })
  const said = (row: HoursRow | undefined) => (!row ? 'nothing known' : row.totalSeconds > 0 ? length(row.totalSeconds) : word[row.absence])
  const shown = await items(strip)
  same(linked, daysFrom(linked[0]!, linked.at(-1)!), by)
  same(shown.length % 7, 0, by)
  same(shown.slice(0, linked.length), linked.map((date) => `${Number(date.slice(8))} ${dayLong(date)}: ${said(rows.find((row) => row.day === date))}`), by)
}

/** theDay compares a day's figures and, where single activities may be seen, the list of its blocks and gaps. */
async function theDay(by: Looker, main: Main, person: string, row: HoursRow) {
  const region = main.getByRole('region', { name: 'The day in figures' })
  if (row.totalSeconds === 0) {
    same(await words(region), joined(`No time was counted on this day: ${word[row.absence]}.`, row.lockedSeconds > 0 && `locked: ${length(row.lockedSeconds)}`), by)
    same(await region.locator('dd').count(), 0, by)
    return
  }
  same(await figures(region.locator('dl').first()), {
    'First activity': by.clock(row.firstActivity) || '–', 'Last activity': by.clock(row.lastActivity) || '–', Total: length(row.totalSeconds),
    'with input': length(row.activeSeconds), 'no input': length(row.passiveSeconds),
    Breaks: row.breaks ? `${row.breaks} (${length(row.breakSeconds)})` : 'none', locked: row.lockedSeconds ? length(row.lockedSeconds) : 'none',
  }, by)
  same(await region.getByRole('img').first().getAttribute('aria-label'), `Total: ${bar(row.times!)}`, by)
  if (!singles(by, person)) {
    return says(main, 'You see the totals of this person; single activities are not shown to you.')
  }
  const report = await by.ask.reportTimeline({ ask: { person, from: row.day, to: row.day } })
  await main.getByRole('button', { name: 'Whole day' }).click()
  const listed = main.getByRole('table', { name: /^The day as a list/ })
  const wanted = marks(by, report)
  await by.at.page.waitForFunction((n) => document.querySelectorAll('[role="option"]').length === n, wanted.length)
  const shown = await table(main, (await listed.locator('caption').innerText()).trim())
  const sorted = (rows: object[]) => rows.map((one) => JSON.stringify(one)).sort()
  same(sorted(shown), sorted(wanted), by)
}

/** marks are a timeline's gaps, and its blocks where gaps leave something of them. */
function marks({ clock }: Looker, report: TimelineReport) {
  const span = (one: { start: string; seconds: number }) => ({ From: clock(one.start), To: clock(later(one.start, one.seconds)), Length: length(one.seconds) })
  const gaps = report.gaps.map((gap) => ({ from: Date.parse(gap.start), to: Date.parse(gap.start) + gap.seconds * 1000 }))
  const left = report.blocks.filter((block) => {
    const [from, to] = [Date.parse(block.start), Date.parse(block.start) + block.seconds * 1000]
    const missing = gaps.reduce((sum, gap) => sum + Math.max(0, Math.min(gap.to, to) - Math.max(gap.from, from)), 0)
    return block.status && missing < to - from
  })
  return [
    ...report.gaps.map((gap) => ({ ...span(gap), What: word[gap.reason], Application: '', Site: '' })),
    ...left.map((block) => ({
      ...span(block),
      What: [
        block.status, ...(block.times!.active ? [`with input ${length(block.times!.active)}`] : []), ...(block.times!.passive ? [`no input ${length(block.times!.passive)}`] : []),
        ...(block.lockedSeconds ? [`locked ${length(block.lockedSeconds)}`] : []),
      ].join(', '),
      Application: block.product || block.app, Site: block.site,
    })),
  ]
}

/** days compares a person's days under each other. */
export async function days(by: Looker, person: string, question: Record<string, string>) {
  const { rows } = await by.ask.reportHours({ ...question, person })
  await by.at.open(`/people/${person}?${new URLSearchParams(question)}`)
  const shown = await table(by.at.page.getByRole('main'), 'The days around')
  same(shown, rows.map((row) => ({
    Day: dayShort(row.day),
    'First to last activity': row.totalSeconds === 0 ? word[row.absence] : row.firstActivity ? `${by.clock(row.firstActivity)} – ${by.clock(row.lastActivity)}` : 'without any input',
    ...(row.totalSeconds > 0 ? { Classes: bar(row.times!), Total: length(row.totalSeconds) } : {}),
  })), by)
}

/** own compares My day with what the contract has of the looker: the day, every setting, and who looked. */
export async function own(by: Looker, date: string) {
  const data = await by.ask.showMyData({})
  const row = (await by.ask.reportHours({ person: by.who.person, from: date, to: date })).rows[0]!
  await by.at.open(`/my-day?from=${date}&list=1`)
  const main = by.at.page.getByRole('main')
  await theDay(by, main, by.who.person, row)
  const summaries = main.locator('summary', { hasText: 'Every setting, as it holds' })
  for (let i = 0; i < (await summaries.count()); i++) await summaries.nth(i).click()
  const source = (text: string) => text.replace(/^default$/, 'the default').replace(/^([\w-]+\.yaml):(\d+)(?: \((.*)\))?$/, (_, file, n, place) => `${file}, line ${n}${place ? `: ${place}` : ''}`)
  const [first] = data.logins
  const settings = data.settings.filter((one) => one.login === first!.login && one.device === first!.device)
  same(await table(main.getByRole('region', { name: 'What is collected here, and why' }).locator('.place').first(), 'Every setting, as it holds'),
    settings.map((one) => ({ Setting: one.key, Value: one.value, 'Where it comes from': source(one.source) })), by)
  const noted = (detail: string) => JSON.parse(detail) as { report?: string; from: string; to: string }
  const reports: Record<string, string> = { activity: 'Activity log', timeline: 'Day', titles: 'Titles', live: 'Live' }
  same(data.views.length > 0, true, by)
  same(await table(main, 'Who looked at my activities'), data.views.slice(0, 10).map(({ at, actor, detail }) => {
    const { report = '', from, to } = noted(detail)
    const short = (day: string) => dayLong(day).slice(5)
    return { When: moment(at), Who: actor, What: reports[report], 'Of which days': from === to ? dayLong(from) : `${short(from)} – ${short(to)}` }
  }), by)
  await says(main, `There is data since ${dayLong(data.since)}.`)
}

