// What a manager, a viewer and a measured person cannot reach: by address, by the contract, by files or by another's cursor,
// others' people are what never existed, and nothing that a browser receives has a word of theirs.

import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContext, Page, Request } from 'playwright-core'
import { pages } from '../src/pages/pages'
import { contract, openBrowser, signedIn, studio, watched, type Role } from './studio'
import { unzipped } from './unzip'

let browser: Browser
before(async () => {
  browser = await openBrowser()
})
after(() => browser.close())

const admin = contract('admin')
const range = 'last_week'
const [people, devices, groups] = await Promise.all([admin.listPeople({}), admin.listDevices({}), admin.listGroups({})])
const peopleOf = (group: string) => groups.groups.find((one) => one.name === group)!.people
const ana = people.people.find((one) => one.name === 'Ana Lima')!.id

/** Whose data each role sees; titles tells whether single activities too. */
const scopes: Partial<Record<Role, { people: string[]; groups: string[]; titles: boolean }>> = {
  manager: { people: peopleOf('Support'), groups: ['Support'], titles: true },
  viewer: { people: [...peopleOf('Design'), ...peopleOf('Development')], groups: ['Design', 'Development'], titles: false },
  person: { people: [ana], groups: [], titles: true },
}

/** Of each person: everything by which it and its work could be told, as the administrator sees it. */
const wordsOf = new Map<string, { names: string[]; apps: string[]; titles: string[]; device: string }>()
for (const { id, name, logins, email } of people.people) {
  const [{ rows }, apps, sites] = await Promise.all([
    admin.reportTitles({ range, person: id }), admin.reportApps({ range, person: id }), admin.reportSites({ range, person: id }),
  ])
  const own = devices.devices.filter((device) => device.logins.some((login) => logins.includes(login)))
  wordsOf.set(id, {
    names: [id, name, email, ...logins, ...own.flatMap((device) => [device.id, device.name])].filter(Boolean),
    apps: [...apps.rows.map((row) => row.product), ...sites.rows.map((row) => row.site)].filter(Boolean),
    titles: rows.map((row) => row.title).filter(Boolean),
    device: own[0]?.id ?? '',
  })
}

/** foreign gives the words that a role must not receive: those of others that nothing of its own has, and no plain words. */
function foreign(role: Role): string[] {
  const scope = scopes[role]!
  const own: string[] = []
  const others: string[] = []
  for (const [id, words] of wordsOf) {
    const inside = scope.people.includes(id)
    ;(inside ? own : others).push(...words.names, ...words.apps)
    ;(inside && scope.titles ? own : others).push(...words.titles)
  }
  const known = own.join('\n')
  return [...new Set(others)].filter((word) => !known.includes(word) && /[^a-z]/i.test(word.slice(1)))
}

/** What a context's browser is sent, the pages' own code left out. */
class Received {
  private readonly bodies: Promise<string>[] = []
  constructor(private readonly context: BrowserContext) {
    context.on('requestfinished', (request) => {
      if (new URL(request.url()).pathname.startsWith('/assets/')) return
      const body = this.body(request)
      body.catch(() => {}) // told by text(), or of a page that nobody asks about any more
      this.bodies.push(body)
    })
  }
  private async body(request: Request): Promise<string> {
    const answer = await request.response()
    if (!answer || answer.status() === 304 || request.url().includes('.parquet')) return ''
    try {
      return await answer.text()
    } catch {
      // The browser forgets what it was sent once the page goes elsewhere: the same is asked again, as the same person.
      const headers = { 'Content-Type': request.headers()['content-type'] ?? '' }
      return (await this.context.request.fetch(request.url(), { method: request.method(), headers, data: request.postDataBuffer() ?? undefined })).text()
    }
  }
  async text(): Promise<string> {
    return (await Promise.all(this.bodies)).join('\n')
  }
}

interface Answer {
  status: number
  body: Buffer
}

/** fetched asks from within a page, one after the other, as its own scripts could: GET, or POST where there is a body. */
async function fetched(page: Page, asks: { path: string; body?: object; stream?: boolean }[]): Promise<Answer[]> {
  const answers = await page.evaluate(async (list) => {
    const all: { status: number; body: string }[] = []
    for (const { path, body, stream } of list) {
      const json = new TextEncoder().encode(JSON.stringify(body))
      const sent = stream ? new Uint8Array([0, 0, 0, 0, json.length, ...json]) : json
      const answer = await fetch(path, body && { method: 'POST', headers: { 'Content-Type': stream ? 'application/connect+json' : 'application/json' }, body: sent })
      const bytes = new Uint8Array(await answer.arrayBuffer())
      let text = ''
      for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
      all.push({ status: answer.status, body: btoa(text) })
    }
    return all
  }, asks)
  return answers.map(({ status, body }) => ({ status, body: Buffer.from(body, 'base64') }))
}

/** said is an answer as text, without the word that was asked for (plain, and as JSON has it) and the packed detail that repeats it. */
function said({ status, body }: Answer, word: string): string {
  const once = JSON.stringify(word).slice(1, -1)
  let text = (body.length > 0 && body[0]! <= 2 ? body.subarray(5) : body).toString() // a stream's first message comes with its length
  for (const form of [JSON.stringify(once).slice(1, -1), once, word]) text = text.replaceAll(form, '·')
  return `${status} ${text.replace(/"value":"[^"]*"/g, '')}`
}

const call = (name: string) => `/dayline.admin.v1.AdminService/${name}`
const reports = ['ReportDashboard', 'ReportPeople', 'ReportApps', 'ReportSites', 'ReportTitles', 'ReportCategories', 'ReportHours', 'ReportGroups', 'ReportLive', 'ListPending']
const files = ['dashboard.csv', 'people.xlsx', 'apps.parquet', 'titles.csv', 'hours.xlsx', 'timeline.csv', 'live.csv', 'activity.csv', 'activity.parquet']

/** asksOf asks everywhere for one thing: every report, every file, every call that names a person or a device. */
function asksOf(name: string, word: string) {
  const ask = { range, [name]: word }
  const query = new URLSearchParams(ask)
  return [
    ...reports.map((report) => ({ path: call(report), body: ask })),
    ...['ReportTimeline', 'ListActivity'].map((report) => ({ path: call(report), body: { ask: { ...ask, ...(report === 'ReportTimeline' && { range: 'yesterday' }) } } })),
    { path: call('Export'), body: { report: 'activity', format: 'csv', ask }, stream: true },
    { path: call('ReportActivity'), body: ask, stream: true },
    { path: call('ExportPerson'), body: { person: word }, stream: true },
    { path: call('ExplainClass'), body: { app: 'slack', [name]: word } },
    { path: call('ShowConfig'), body: { [name]: word } },
    { path: call('SetPerson'), body: { person: word, name: 'x' } },
    { path: call('DeletePerson'), body: { person: word } },
    ...['DeleteDevice', 'RevokeDevice', 'UninstallDevice'].map((act) => ({ path: call(act), body: { id: word } })),
    { path: call('SetGroup'), body: { name: word, newName: 'x' } },
    ...files.map((file) => ({ path: `/files/${file}?${query}` })),
    ...(name === 'person' ? [{ path: `/files/person.zip?${new URLSearchParams({ person: word })}` }] : []),
  ]
}

const lists = [...files.filter((file) => !file.startsWith('timeline')), 'devices.csv', 'groups.csv', 'categories.csv', 'sites.xlsx'].map((file) => ({ path: `/files/${file}${file.startsWith('live') ? '' : `?range=${range}`}` }))
/** textOf gives what a file says, unpacked. What Parquet says is packed in other ways: the next test is of it. */
function textOf({ body }: Answer): string {
  if (body.subarray(0, 4).toString() === 'PAR1') return ''
  return (body.subarray(0, 2).toString() === 'PK' ? unzipped(body) : body).toString()
}

test('an administrator is sent every word that others must not be', async () => {
  const context = await signedIn(browser, 'admin')
  const received = new Received(context)
  const at = await watched(context)
  for (const path of ['/admin/people', '/devices', `/hours?range=${range}`]) {
    await at.open(path)
    await received.text()
  }
  const sent = (await fetched(at.page, lists)).map(textOf).join('\n') + (await received.text())
  for (const word of (['manager', 'viewer', 'person'] as const).flatMap(foreign)) assert.ok(sent.includes(word), word)
  await context.close()
})

test('a manager’s files are those of the group, to the byte', async () => {
  const asked = ['titles.csv', 'hours.csv', 'apps.parquet', 'people.parquet', 'titles.parquet'].map((file) => `/files/${file}?range=${range}`)
  const got: Answer[][] = []
  for (const [role, narrowed] of [['admin', ''], ['admin', '&group=Support'], ['manager', '']] as const) {
    const context = await signedIn(browser, role)
    const { page } = await watched(context)
    await page.goto(studio.web)
    got.push(await fetched(page, asked.map((path) => ({ path: path + narrowed }))))
    await context.close()
  }
  const [whole, group, own] = got
  for (const [i, path] of asked.entries()) {
    assert.equal(own![i]!.status, 200, path)
    assert.ok(own![i]!.body.equals(group![i]!.body), path)
    assert.ok(!own![i]!.body.equals(whole![i]!.body), path)
  }
})

for (const role of ['manager', 'viewer', 'person'] as const) {
  const scope = scopes[role]!
  const other = people.people.find((one) => one.name === 'Hana Sato')!
  const { device, apps, titles } = wordsOf.get(other.id)!
  const deviceName = devices.devices.find((one) => one.id === device)!.name
  const words = foreign(role)
  /** What is there for others, and what never was. */
  const pairs: [name: string, there: string, never: string][] = [
    ['person', other.id, 'p-0123456789ab'], ['person', other.name, 'Nobody Atall'], ['person', other.logins[0]!, 'STUDIO\\nobody'],
    ['device', device, 'd-0123456789abcdef'], ['device', deviceName, 'no-such-device'], ['group', 'Office', 'Nowhere'],
  ]

  describe(role, () => {
    test('gets of others what it gets of what never existed', async () => {
      assert.ok(!scope.people.includes(other.id) && words.length > 60, `${words.length} words of others`)
      const context = await signedIn(browser, role)
      const { page } = await watched(context)
      await page.goto(`${studio.web}/setup`) // which asks for no report itself: only some are made at once
      for (const [name, there, never] of pairs) {
        const [asked, control] = [asksOf(name, there), asksOf(name, never)]
        const answers = await fetched(page, [...asked, ...control])
        for (const [i, { path }] of asked.entries()) {
          const [got, expected] = [said(answers[i]!, there), said(answers[asked.length + i]!, never)]
          assert.equal(got, expected, `${path} of ${name} ${there}`)
          assert.doesNotMatch(got, /^200 (?!.*"error")/s, `${path} of ${name} ${there}`)
        }
      }
      // What only others use, and titles that only they have, is as empty as what nobody uses.
      const app = apps.find((one) => words.includes(one))!
      const title = titles.find((one) => words.includes(one))!
      for (const [name, there, never] of [['app', 'excel.exe', 'never.exe'], ['site', 'bank.example.org', 'never.example.org'], ['search', title, 'Nothing Like It']] as const) {
        const asked = [...reports, 'ListActivity'].map((report) => ({ path: call(report), word: there, body: report === 'ListActivity' ? { ask: { range, [name]: there } } : { range, [name]: there } }))
        const control = asked.map(({ path, body }) => ({ path, body: JSON.parse(JSON.stringify(body).replace(JSON.stringify(there), JSON.stringify(never))) as object }))
        const answers = await fetched(page, [...asked, ...control])
        for (const [i, { path }] of asked.entries()) assert.equal(said(answers[i]!, there), said(answers[asked.length + i]!, never), `${path} of ${name} ${there}`)
      }
      assert.ok(app && title)
      if (role !== 'person') assert.deepEqual((await contract(role).listGroups({})).groups.map((one) => one.name), scope.groups)
      // A cursor of somebody else's question is no better than one that was made up.
      const { nextCursor } = await admin.listActivity({ ask: { range }, limit: 5 })
      assert.ok(nextCursor)
      const [stolen, invented] = await fetched(page, [nextCursor, 'bm9uc2Vuc2U'].map((cursor) => ({ path: call('ListActivity'), body: { ask: { range }, limit: 5, cursor } })))
      assert.equal(said(stolen!, nextCursor), said(invented!, 'bm9uc2Vuc2U'))
      assert.equal(stolen!.status, 400)
      await context.close()
    })

    test('sees on every page, and is sent, nothing of others', async () => {
      const context = await signedIn(browser, role)
      const received = new Received(context)
      const at = await watched(context)
      const { may } = await contract(role).whoAmI({})
      const open = pages.filter(({ name, may: call }) => !['sign-in', 'setup', 'person'].includes(name) && (call === '' || may.includes(call)))
      const shown: string[] = []
      for (const { path } of open) {
        await at.open(path === '/my-day' || path === '/security' ? path : `${path}?range=${range}`)
        shown.push(await at.page.content())
        await received.text()
      }
      // Addresses of others' data look like those of nothing, and hold no word of theirs beside the one that was asked for.
      for (const [there, never] of [
        [`/people/${other.id}`, '/people/p-0123456789ab'], [`/apps?device=${device}`, '/apps?device=d-0123456789abcdef'],
        [`/activity?range=${range}&person=${other.id}`, `/activity?range=${range}&person=p-0123456789ab`], ['/hours?group=Office', '/hours?group=Nowhere'],
        ['/apps?app=excel.exe&titles=1', '/apps?app=never.exe&titles=1'], [`/devices?device=${device}`, '/devices?device=d-0123456789abcdef'],
      ] as const) {
        const texts: string[] = []
        for (const address of [there, never]) {
          await at.open(address)
          const asked = address.match(/[^=/]*$|[^=/]*(?=&titles)/)![0]
          await received.text()
          if (address === there) shown.push((await at.page.content()).replaceAll(asked, '·'))
          const text = await at.page.locator('#content').evaluate((content) => {
            for (const list of content.querySelectorAll('select')) list.replaceChildren() // what can be chosen comes when it comes
            return (content as HTMLElement).innerText
          })
          texts.push(text.replaceAll(asked, '·'))
        }
        assert.equal(texts[0], texts[1], there)
      }
      const downloads = await fetched(at.page, lists)
      const own = role === 'person' ? await fetched(at.page, [{ path: `/files/person.zip?person=${ana}` }]) : []
      const loaded = [...downloads, ...own].map(textOf)
      const asked = [other.id, device] // the refusals repeat what was asked for
      const all = [...shown, ...loaded].join('\n')
      const sent = await received.text()
      for (const word of words) {
        assert.ok(!all.includes(word), `${role} sees “${word}”: ${all.slice(Math.max(0, all.indexOf(word) - 200), all.indexOf(word) + 50)}`)
        assert.ok(asked.includes(word) || !sent.includes(word), `${role} is sent “${word}”`)
      }
      // What it may see was there: the pages and files were not just empty.
      for (const person of scope.people) assert.ok(all.includes(people.people.find((one) => one.id === person)!.name))
      for (const [i, { path }] of lists.entries()) assert.ok(downloads[i]!.status === 200 || (role === 'person' && downloads[i]!.status === 403), `${path}: ${said(downloads[i]!, '-')}`)
      assert.deepEqual(at.faults, [])
      await context.close()
    })

  })
}

test('a session that is ended stops the page at its next call, and signing in goes on where one was', async () => {
  const context = await signedIn(browser, 'manager')
  const at = await watched(context)
  const { page } = at
  async function signInAgain() {
    await page.waitForURL(/\/sign-in\?back=/)
    assert.doesNotMatch(await page.locator('body').innerText(), /Dora|Emil/)
    await page.getByLabel('E-mail address').fill(studio.users.manager)
    await page.getByLabel('Password').fill(studio.password)
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/people\?/)
    await at.settled()
  }
  await at.open('/people?range=last_week&sort=-total')
  const { sessions } = await admin.listSessions({ email: studio.users.manager })
  for (const { id } of sessions) await admin.revokeSession({ id })
  await page.keyboard.press('t')
  await signInAgain()
  assert.equal(page.url(), `${studio.web}/people?range=today&sort=-total`)
  await page.getByRole('row', { name: /Emil Sørensen/ }).waitFor()

  // Another group in the file: the same session sees that one, from the next call on.
  const file = `${studio.config}/people.yaml`
  const was = await readFile(file, 'utf8')
  async function rights(from: string, to: string, held: (one: { role: string; viewableGroups: string[] }) => boolean) {
    const text = await readFile(file, 'utf8')
    assert.ok(text.includes(from))
    await writeFile(file, text.replace(from, to))
    for (let there = false; !there; ) there = (await admin.listUsers({})).users.some((one) => one.email === studio.users.manager && held(one))
  }
  await rights('role: manager, viewable_groups: [Support]', 'role: manager, viewable_groups: [Office]', (one) => one.viewableGroups.includes('Office'))
  await page.getByLabel('Days', { exact: true }).selectOption('last_week')
  await page.getByRole('row', { name: /Hana Sato/ }).waitFor()
  assert.equal(await page.getByRole('row', { name: /Emil Sørensen/ }).count(), 0)

  // Another role: what was signed in as a manager is over.
  await rights('role: manager, viewable_groups: [Office]', 'role: viewer, viewable_groups: [Office]', (one) => one.role === 'viewer')
  await page.keyboard.press('t')
  await signInAgain()
  const [who] = await fetched(page, [{ path: call('WhoAmI'), body: {} }])
  assert.equal((JSON.parse(who!.body.toString()) as { role: string }).role, 'viewer')
  await writeFile(file, was)
  assert.deepEqual(at.faults, [])
  await context.close()
})
