// Looks at pages, each compared with what the contract answers the same viewer: every row, every cell, and that there are no more.

import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import type { DashboardReport, HoursRow, WhoAmIResponse } from '../src/contract/gen/dayline/admin/v1/admin_pb'
import type { Contract, Watched } from './studio'
import { figures, items, list, table, words, type Cells } from './shown'
import {
  ago, bar, barOf, byMost, byName, classes, count, date, dayLong, dayShort, daysFrom, hours, joined, later, length, moment, several, share, size, some, statuses, word,
  type Clock,
} from './words'

/** Looker is who looks, at what, and asks the contract as the same. */
export interface Looker {
  at: Watched
  ask: Contract
  who: WhoAmIResponse
  clock: Clock
}

/** Main is a page, or a part of it. */
export type Main = ReturnType<Looker['at']['page']['getByRole']>

/** Question is an address's query and the contract's ReportRequest. */
export type Question = Record<string, string>

/** same compares a page's part with what it is to be. */
export function same(shown: unknown, wanted: unknown, { at, who }: Looker) {
  assert.deepEqual(shown, wanted, `${at.page.url()} as ${who.user}`)
}

/** says waits until a part of a page has some words: those that need another answer come after the rest. */
export async function says(part: Main, wanted: string) {
  await part.getByText(wanted).first().waitFor({ timeout: 10_000 })
}

async function open({ at }: Looker, path: string, question: Question = {}) {
  await at.open(`${path}?${new URLSearchParams(question)}`)
  return at.page.getByRole('main')
}

const may = ({ who }: Looker, call: string) => who.may.includes(call)
const narrowed = (question: Question) => Object.keys(question).filter((name) => !['range', 'from', 'to'].includes(name))

export async function dashboard(by: Looker, question: Question) {
  const report = await by.ask.reportDashboard(question)
  const main = await open(by, '/dashboard', question)
  if (report.peopleCount === 0) return says(main, 'Nothing to show for these days.')
  const days = daysFrom(report.days!.from, report.days!.to)
  const all = narrowed(question).some((name) => name !== 'group') ? undefined
    : question.group ? (await by.ask.listGroups({})).groups.find((one) => one.name === question.group)?.peopleCount : (await by.ask.listPeople({})).people.length
  const of = all && all > 1 && all >= report.peopleCount ? `${report.peopleCount} of ${all} people` : several(report.peopleCount, 'person', 'people')
  const on = days.length > 1 ? `${report.rows.length} of ${several(days.length, 'day', 'days')}` : dayLong(days[0]!) + (days[0] === by.who.today ? ', so far' : '')
  await says(main, `${of} with data on ${on} · `)

  const told = classes(report.times!)
  const totals = main.getByRole('region', { name: 'Totals by class' })
  same((await totals.getByRole('paragraph').allInnerTexts()).slice(0, 2), [length(report.times!.total), several(report.peopleCount, 'person', 'people')], by)
  const row = (name: string, active: number, passive: number, part: string) =>
    ({ Class: name, Time: some(active + passive), Share: part, 'with input': some(active), 'no input': some(passive) })
  same(await table(main, 'Totals by class'), [
    ...(told ?? []).map(([active, passive], i) => row(
      joined(statuses[i], i === 1 && active + passive > 0 && may(by, 'ListPending') && 'Classify'),
      active, passive, active + passive > 0 ? share((active + passive) / report.times!.total) : '–',
    )),
    row('Total', report.times!.active, report.times!.passive, ''),
  ], by)
  await topsOfDashboard(by, main, report)
  if (days.length > 1) await daysOfDashboard(by, main, report, days, question)
}

async function topsOfDashboard(by: Looker, main: Main, report: DashboardReport) {
  same(await list(main, 'People by name'), report.people.slice(0, 10).map((one) => joined(one.name, length(one.totalSeconds), bar(one.times!))), by)
  if (report.people.length === 0) await says(main, 'Times of single people are not shown to you.')
  const one = (name: string, row: DashboardReport['apps'][number] | DashboardReport['sites'][number]) =>
    joined(name, `(${row.status})`, share(row.share), length(row.totalSeconds), barOf(row.status, row.activeSeconds, row.passiveSeconds))
  same(await list(main, 'Applications'), report.apps.map((row) => one(row.product || row.app, row)), by)
  same(await list(main, 'Sites'), report.sites.map((row) => one(row.site, row)), by)
  same(await list(main, 'Categories'), report.categories.map((row) => joined(row.category || 'without a category', share(row.share), length(row.totalSeconds), bar(row.times!))), by)
}

async function daysOfDashboard(by: Looker, main: Main, report: DashboardReport, days: string[], question: Question) {
  const alone = question.person || (await by.ask.listPeople({})).people.length === 1
  const why = new Map((alone ? (await by.ask.reportHours(question)).rows : []).map((row) => [row.day, word[row.absence]]))
  await main.getByText('Show as a table').click()
  const told = main.getByRole('table', { name: 'Day by day' })
  await told.waitFor()
  const names = statuses.flatMap((status) => [`${status}, with input`, `${status}, no input`])
  const nothing = by.who.role === 'viewer' ? 'no data, or of too few people for you to see' : 'no data'
  // The reasons come after the numbers.
  const missing = days.map((day) => !report.rows.some((row) => row.day === day) && why.get(day)).find(Boolean)
  if (missing) await told.getByText(missing, { exact: true }).first().waitFor()
  same(await table(main, 'Day by day'), days.map((day) => {
    const row = report.rows.find((one) => one.day === day)
    const Day = dayLong(day) + (day === by.who.today ? ', so far' : '')
    if (!row) return { Day, Total: why.get(day) ?? nothing }
    const times = classes(row.times!)?.flat().map(hours) ?? names.map(() => '–')
    return { Day, Total: hours(row.times!.total), ...Object.fromEntries(names.map((name, i) => [name, times[i]])), 'People with data': count(row.people) }
  }), by)
}

export async function people(by: Looker, question: Question) {
  const { rows, days } = await by.ask.reportPeople(question)
  const main = await open(by, '/people', question)
  const at = (instant: string) => (instant && days!.from !== days!.to ? `${date(instant)}, ${by.clock(instant)}` : by.clock(instant))
  same(await table(main, 'People and what their days add up to'), byName(rows, (row) => row.name).map((row) => ({
    Name: row.name, Classes: `${length(row.totalSeconds)}: ${bar(row.times!)}`, 'with input': hours(row.activeSeconds), 'no input': hours(row.passiveSeconds),
    Total: hours(row.totalSeconds), 'Days with time': count(row.days), 'First activity': at(row.firstActivity), 'Last activity': at(row.lastActivity),
  })), by)
  if (narrowed(question).some((name) => !['group', 'person', 'device'].includes(name))) return
  // Whoever has no time is told with the reasons.
  const without = new Map<string, Map<string, number>>()
  const known = (await by.ask.reportHours(question)).rows
  for (const { name, person, absence } of known.filter((row) => !rows.some((one) => one.person === row.person))) {
    const reasons = without.get(`${name}\n${person}`) ?? new Map<string, number>()
    without.set(`${name}\n${person}`, reasons.set(word[absence]!, (reasons.get(word[absence]!) ?? 0) + 1))
  }
  const wanted = byName([...without], ([name]) => name).map(([name, reasons]) =>
    joined(name.split('\n')[0], byMost([...reasons], ([, n]) => n).map(([reason, n]) => `${reason} (${several(n, 'day', 'days')})`).join(', ')))
  same(await items(main.locator('section', { has: by.at.page.getByRole('heading', { name: 'Without time in these days' }) })), wanted, by)
}

export async function subjects(by: Looker, kind: 'app' | 'site', question: Question) {
  const found = kind === 'app'
    ? (await by.ask.reportApps(question)).rows.map((row) => ({ ...row, name: row.app, site: '' }))
    : (await by.ask.reportSites(question)).rows.map((row) => ({ ...row, name: row.site, app: '', product: '' }))
  const main = await open(by, `/${kind}s`, question)
  const [caption, first] = kind === 'app' ? ['Applications', 'Application'] : ['Sites', 'Site']
  const rows = byMost<Omit<(typeof found)[number], '$typeName'>>(found, (row) => row.totalSeconds)
  const named = ({ name, product }: (typeof rows)[number]) => joined(product || name || 'application not known', product && product !== name && name)
  same(await table(main, caption), rows.map((row) => ({
    [first]: named(row), Share: `${share(row.share)} ${barOf(row.status, row.activeSeconds, row.passiveSeconds)}`, Time: hours(row.totalSeconds), People: count(row.people),
    Status: row.status, Category: row.category, 'With input': hours(row.activeSeconds), 'No input': hours(row.passiveSeconds),
  })), by)
  const [row] = rows
  if (!row) return
  const detail = (await open(by, `/${kind}s`, { ...question, [kind]: row.name })).getByRole('complementary', { name: row.product || row.name })
  const about = `${length(row.totalSeconds)}, ${share(row.share)} of all time in view; ${several(row.people, 'person', 'people')}`
  await says(detail, about)
  const parts = async (caption: string, title: string, all: [string, number][]) =>
    same(await table(detail, caption), all.slice(0, 12).map(([name, seconds]) => ({ [title]: name, Time: length(seconds) })), by)
  const ask = { ...question, [kind]: row.name }
  if (may(by, 'ReportPeople')) await parts('People', 'People', (await by.ask.reportPeople(ask)).rows.map((one) => [one.name, one.totalSeconds]))
  if (kind === 'app') await parts('Sites', 'Sites', (await by.ask.reportSites(ask)).rows.map((one) => [one.site, one.totalSeconds]))
  else await parts('Applications', 'Applications', (await by.ask.reportApps(ask)).rows.map((one) => [one.product || one.app, one.totalSeconds]))
  await detail.getByRole('button', { name: 'Show the titles' }).click()
  await by.at.settled()
  await parts('Title', 'Title', (await by.ask.reportTitles(ask)).rows.map((one) => [one.title || 'no title collected', one.totalSeconds]))
}

export async function categories(by: Looker, question: Question) {
  const { rows } = await by.ask.reportCategories(question)
  same(await table(await open(by, '/categories', question), 'Categories'), byMost(rows, (row) => row.totalSeconds).map((row) => ({
    Category: row.category || 'without a category', Classes: bar(row.times!), Total: length(row.totalSeconds), Share: share(row.share), People: count(row.people),
    'With input': length(row.activeSeconds), 'No input': length(row.passiveSeconds),
  })), by)
}

export async function groups(by: Looker, question: Question) {
  const { rows } = await by.ask.reportGroups(question)
  same(await table(await open(by, '/groups', question), 'Groups'), byName(rows, (row) => row.group).map((row) => ({
    Group: row.group, Classes: bar(row.times!), 'Mean per person': length(row.meanSeconds), 'People with time': count(row.people), Total: length(row.totalSeconds),
    'With input': length(row.activeSeconds), 'No input': length(row.passiveSeconds),
  })), by)
}

export async function hoursMap(by: Looker, question: Question) {
  const { rows, days } = await by.ask.reportHours(question)
  const totals = new Map(may(by, 'ReportPeople') ? (await by.ask.reportPeople(question)).rows.map((row) => [row.person, row.totalSeconds]) : [])
  const main = await open(by, '/hours', question)
  const persons = byName([...new Map(rows.map((row) => [row.person, row.name]))], ([, name]) => name)
  const cell = (row: HoursRow | undefined) => {
    if (!row) return ''
    const told = [row.name, dayLong(row.day)]
    if (row.totalSeconds === 0) return [...told, word[row.absence]].join(' · ')
    return `${hours(row.totalSeconds)} ${[...told, hours(row.totalSeconds), ...(row.firstActivity ? [`${by.clock(row.firstActivity)} – ${by.clock(row.lastActivity)}`] : [])].join(' · ')}`
  }
  same(await table(main, 'Working hours per person and day', 'grid'), persons.map(([person, name]): Cells => ({
    Name: name,
    ...Object.fromEntries(daysFrom(days!.from, days!.to).map((day) => [dayLong(day), cell(rows.find((row) => row.person === person && row.day === day))])),
    ...(totals.size ? { Total: totals.has(person) ? hours(totals.get(person)!) : '' } : {}),
  })), by)
}

export async function hoursTable(by: Looker, question: Question) {
  const { rows } = await by.ask.reportHours(question)
  const main = await open(by, '/hours', { ...question, view: 'table' })
  const named = statuses.flatMap((status) => [`${status}, with input`, `${status}, no input`])
  const ordered = rows.toSorted((a, b) => (a.day < b.day ? 1 : a.day > b.day ? -1 : 0))
  if (ordered.length) await says(main, several(ordered.length, 'row', 'rows'))
  same(await table(main, 'Working hours per person and day'), ordered.slice(0, 100).map((row) => {
    const there = row.totalSeconds > 0
    const told = row.times ? [row.times.productiveActive, row.times.productivePassive, row.times.undefinedActive, row.times.undefinedPassive, row.times.unproductiveActive, row.times.unproductivePassive] : []
    return {
      Day: dayShort(row.day), Name: row.name, 'First activity': by.clock(row.firstActivity), 'Last activity': by.clock(row.lastActivity), Total: there ? hours(row.totalSeconds) : '',
      'Why there is none': row.absence ? word[row.absence] : '', Breaks: there ? count(row.breaks) : '', 'Time in breaks': there ? hours(row.breakSeconds) : '',
      locked: row.lockedSeconds > 0 ? hours(row.lockedSeconds) : '', ...Object.fromEntries(named.map((name, i) => [name, there ? hours(told[i]!) : ''])),
    }
  }), by)
}

/** activity compares the newest hundred rows, and what unfolds of the first. */
export async function activity(by: Looker, question: Question) {
  const { rows, days } = await by.ask.listActivity({ ask: question, newestFirst: true, limit: 100 })
  const main = await open(by, '/activity', question)
  const shown = (await table(main, 'Activity log')).filter((cells) => Object.keys(cells).length > 1)
  if (!rows.length) return says(main, 'Nothing was recorded in these days')
  const zoned = days!.timeZone !== 'device'
  same(shown.slice(0, rows.length).map((cells) => ({ ...cells, Time: cells.Time!.replace(' –', '–') })), rows.map((row) => {
    const [from, to] = [by.clock(row.start), row.open ? '' : by.clock(later(row.start, row.seconds))]
    const locked = row.state === 'locked'
    const app = row.product || row.app || 'application not known'
    const address = row.url || row.site || (row.addressUnavailable && 'address unavailable')
    return {
      Time: to && to !== from ? `${from}–${to}` : from, Length: length(row.seconds), Who: row.personName, 'Counts as': locked ? '' : joined(row.status || 'undefined', row.category),
      What: joined(locked ? 'locked' : row.title || app, row.open && 'going on', row.private && (row.addressUnavailable ? 'counts as private' : 'private window'), row.state === 'passive' && 'no input',
        row.title ? [app, address].filter(Boolean).join(' · ') : address),
    }
  }), by)
  const [first] = rows
  const toggle = main.getByRole('button', { expanded: false }).and(main.locator('[aria-controls]')).first()
  await toggle.click()
  const told = await figures(main.locator('table'))
  same([told.From, told.To, told.Length, told.Who, told.Device], [
    by.clock(first!.start, true), first!.open ? 'still going on, as of the device’s last contact' : by.clock(later(first!.start, first!.seconds), true),
    length(first!.seconds), first!.personName, first!.deviceName,
  ], by)
  if (!zoned) same((await words(main.locator('th[scope="rowgroup"]').first())), dayLong(first!.start.slice(0, 10)), by)
}

/** contacts leaves out of each row when a device was heard of last, which changes as one looks: it is as of before or as of now. */
function contacts(shown: Cells[], instants: string[], began: number): Cells[] {
  return shown.map(({ 'Last contact': told, ...cells }, i) => {
    assert.ok([ago(instants[i]!, began), ago(instants[i]!)].includes(told!), `${told}: ${instants[i]}`)
    return cells
  })
}

export async function live(by: Looker, question: Question) {
  const began = Date.now()
  const report = await by.ask.reportLive(question)
  const rows = byName(report.rows, (row) => row.name)
  const main = await open(by, '/live', question)
  const said = (state: string) => (state === 'active' ? 'active' : (word[state] ?? state))
  const shown = await table(main, 'Sessions in use')
  same(contacts(shown, rows.map((row) => row.lastContact), began), rows.map((row) => ({
    Person: row.name, State: said(row.state), Since: row.since ? by.clock(row.since) : '–',
    'In front': row.app || row.site ? joined(row.site || row.product || row.app, row.site && (row.product || row.app), row.status || 'undefined', row.title) : '–',
    Today: row.today?.total ? joined(length(row.today.total), bar(row.today)) : 'nothing yet', Device: row.deviceName,
  })), by)
  if (!rows.length) return says(main, 'session that is tracked now.')
  const states = ['active', 'passive', 'no_input', 'locked', 'silent'].map((state) => [said(state), rows.filter((row) => row.state === state).length] as const)
  same((await main.getByRole('group', { name: 'State', exact: true }).getByRole('button').allInnerTexts()).map((text) => text.replace(/\s+/g, ' ')), [
    `All ${rows.length}`, ...states.filter(([, n]) => n).map(([name, n]) => `${name} ${n}`),
  ], by)
}

const systems: Record<string, string> = { windows: 'Windows', macos: 'macOS', linux: 'Linux' }

export async function devices(by: Looker) {
  const began = Date.now()
  const all = (await by.ask.listDevices({})).devices
  const main = await open(by, '/devices')
  const shown = await table(main, 'Devices')
  const notes: Record<string, string> = { silent: 'silent', blind: 'not observed', buffer: 'lost activity', clock: 'wrong clock', outdated: 'older agent', permission: 'permission missing', addresses: 'no addresses' }
  const noted = (device: (typeof all)[number]) => [...(device.silent ? ['silent'] : []), ...device.flags].map((flag) => notes[flag] ?? flag)
  const ordered = byName(all, (device) => device.alias || device.name)
  same(contacts(shown, ordered.map((device) => device.lastContact), began), ordered.map((device) => ({
    Device: device.alias || device.name, State: device.state,
    'Worth knowing': joined(...noted(device)), System: `${systems[device.os]} ${device.osVersion}`, Agent: device.agentVersion,
    ...(by.who.role === 'admin' ? { Logins: device.logins.join(', ') } : {}),
  })), by)
  const [device] = ordered
  if (!device) return
  const computer = (await open(by, '/devices', { device: device.id })).locator('section', { has: by.at.page.getByRole('heading', { name: 'The computer' }) })
  same(await figures(computer), {
    Id: device.id, System: systems[device.os], 'Version of the system': `${device.osVersion}, ${device.arch}`, Agent: device.agentVersion, 'Time zone': device.timeZone,
    Enrolled: moment(device.enrolled), 'Last contact': moment(device.lastContact),
    ...(device.lastEpisode ? { 'Last activity': moment(device.lastEpisode) } : {}), ...(device.groups.length ? { Groups: device.groups.join(', ') } : {}), ...(device.logins.length ? { Logins: device.logins.join(', ') } : {}),
  }, by)
}

export async function extension(by: Looker) {
  const { reach } = await by.ask.showExtension({})
  const main = await open(by, '/admin/extension')
  await says(main, 'Browsers on other computers cannot reach it')
  same(await table(main, 'How far it has come'), reach.map((one) => ({
    Browser: one.app, 'Devices with it': `${one.speaking} of ${one.devices}`, Versions: one.versions.map(({ version, devices }) => `${version} on ${devices}`).join(', '),
    'Time with an address': share(one.addressShare),
  })), by)
  if (!may(by, 'ShowExtensionPolicy')) return
  for (const [browser, os] of [['firefox', 'linux'], ['edge', 'windows'], ['brave', 'macos']] as const) {
    await main.getByLabel('Browser', { exact: true }).selectOption(browser)
    await main.getByLabel('System', { exact: true }).selectOption(os)
    const [file] = (await by.ask.showExtensionPolicy({ browser, os })).files
    const shown = main.getByRole('region', { name: file!.name, exact: true })
    await shown.waitFor()
    same(await shown.textContent(), new TextDecoder().decode(file!.content), by)
  }
}

export async function pending(by: Looker, question: Question) {
  const { rows } = await by.ask.listPending(question)
  const shown = await table(await open(by, '/classification', question), 'To be decided')
  same(shown, byMost(rows, (row) => row.totalSeconds).map((row) => ({
    What: joined(row.site || row.product || row.app, row.app && row.product && row.product !== row.app && row.app, row.bundle), Time: hours(row.totalSeconds), People: count(row.people),
    Kind: row.site ? 'Site' : 'Application', 'Category (shipped list)': row.category, Details: 'Who and when',
  })), by)
}

/** storage changes as the collector writes down who looks: what is shown lies between an answer before and one after. */
export async function storage(by: Looker, part: 'months' | 'people' | 'devices') {
  const before = await by.ask.storage({})
  const main = await open(by, '/account', { by: part })
  const section = main.getByRole('region', { name: 'Storage', exact: true })
  const [told, rows] = [await figures(section.locator('dl.figures')), await table(section, 'What is stored, in parts')]
  const after = await by.ask.storage({})
  const answers = [before, after]
  const either = (shown: string | undefined, wanted: (report: typeof before) => string) => assert.ok(answers.map(wanted).includes(shown!), `${shown}: ${answers.map(wanted)}`)
  const until = (n: number) => (n < 0 ? 'never at this pace' : several(Math.floor(n), 'day', 'days'))
  either(told.Stored, (report) => `${count(report.episodes)} activities in ${size(report.bytes)}`)
  either(told.Since, (report) => dayLong(report.oldestDay))
  either(told.Growth, (report) => `${count(report.episodesPerDay)} activities a day, ${size(report.bytesPerDay)}`)
  either(told['Until the limit'], (report) => (report.limitBytes ? `${until(report.daysUntilLimit)} (${size(report.limitBytes)})` : 'there is no limit'))
  const full = told['Until the disk is full']!.match(/^(.+) \((.+) GB free\)$/)!
  const free = answers.map((report) => report.diskFreeBytes / 1e9)
  assert.ok(Number(full[2]) >= Math.min(...free) - 1 && Number(full[2]) <= Math.max(...free) + 1, `${full[0]}: ${free}`)
  const of = { months: 'Month', people: 'Person', devices: 'Device' }[part]
  const long = (id: string) => new Date(`${id}-15`).toLocaleDateString('en', { month: 'long', year: 'numeric' })
  const wanted = answers.map((report) => {
    const ordered = part === 'months' ? report[part].toSorted((a, b) => b.id.localeCompare(a.id)) : byMost(report[part], (one) => one.bytes)
    return ordered.map((one) => ({
      [of]: part === 'months' ? long(one.id) : one.name || one.id, Activities: count(one.episodes), Size: size(one.bytes), Share: share(one.bytes / report.bytes),
    }))
  })
  same(rows, wanted.find((all) => isDeepStrictEqual(rows, all)) ?? wanted[0], by)
}
