// Pages of other sites, and texts from outside: neither does anything here in somebody's name.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { pages } from '../src/pages/pages'
import { contract, openBrowser, signedIn, studio, watched } from './studio'

let browser: Browser
const server = createServer((_, answer) => answer.setHeader('Content-Type', 'text/html').end('<!doctype html><title>evil</title><h1>evil</h1>'))
before(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  server.closeAllConnections()
  server.close()
})

const admin = contract('admin')
const call = (name: string) => `${studio.web}/dayline.admin.v1.AdminService/${name}`
const newUser = (email: string) => JSON.stringify({ email, role: 'viewer' })

/** stands is all that an attack could have changed: the files, and the newest entry of the audit log. */
async function stands() {
  const [entries, ...texts] = await Promise.all([
    admin.listAudit({ newestFirst: true, limit: 1 }),
    ...['account', 'people', 'classification', 'collector'].map((name) => readFile(`${studio.config}/${name}.yaml`, 'utf8')),
  ])
  return [entries.entries[0]!.sequence, ...texts]
}

for (const host of ['127.0.0.1', 'localhost']) {
  // Pages of another port of localhost are of the same site: they come with the cookie, and are refused all the same.
  describe(`a page at ${host}, another port`, () => {
    test('gets nothing and changes nothing', async () => {
      const context = await signedIn(browser, 'admin')
      const own = await context.newPage()
      await own.goto(`${studio.web}/security`)
      await own.getByRole('heading', { level: 1 }).waitFor()
      const page = await context.newPage()
      const loaded: string[] = []
      page.on('download', (download) => loaded.push(download.url()))
      const evil = `http://${host}:${(server.address() as AddressInfo).port}/`
      await page.goto(evil)
      const before = await stands()

      const json = { 'Content-Type': 'application/json' }
      const asks: [string, RequestInit][] = [
        [call('SetUser'), { method: 'POST', headers: json, body: newUser('eve@example.com') }],
        [call('SetUser'), { method: 'POST', body: newUser('eve@example.com') }],
        [call('SetUser'), { method: 'POST', mode: 'no-cors', headers: { 'Content-Type': 'text/plain' }, body: newUser('eve@example.com') }],
        [call('SignOut'), { method: 'POST', mode: 'no-cors', body: '{}' }],
        [call('WhoAmI'), { method: 'POST', headers: json, body: '{}' }],
        [`${call('WhoAmI')}?connect=v1&encoding=json&message=%7B%7D`, {}],
        [`${studio.web}/files/people.csv`, {}], [`${studio.web}/files/people.csv`, { mode: 'no-cors' }], [`${studio.web}/`, {}],
      ]
      const told = await page.evaluate(async (list) => {
        const all: string[] = []
        for (const [path, init] of list) all.push(await fetch(path, { credentials: 'include', ...init }).then((answer) => answer.text(), () => 'refused'))
        return all
      }, asks)
      assert.deepEqual(told, asks.map(() => 'refused'))

      const elements = await page.evaluate(
        (list) =>
          Promise.all(
            list.map(
              ([tag, src]) =>
                new Promise<string>((done) => {
                  const element = document.createElement(tag!) as HTMLImageElement
                  element.onload = () => done('loaded')
                  element.onerror = () => done('refused')
                  element.src = src!
                  document.body.append(element)
                }),
            ),
          ),
        [['script', `${studio.web}/files/people.csv`], ['img', `${studio.web}/files/people.csv`], ['script', `${call('WhoAmI')}?connect=v1&encoding=json&message=%7B%7D`], ['img', `${studio.web}/icon.svg`]],
      )
      assert.deepEqual(elements, ['refused', 'refused', 'refused', 'refused'])

      // In a frame there is the browser's own error.
      await page.evaluate(
        (src) =>
          new Promise((done) => {
            const frame = document.createElement('iframe')
            frame.onload = done
            frame.src = src
            document.body.append(frame)
          }),
        `${studio.web}/dashboard`,
      )
      assert.deepEqual(page.frames().filter((frame) => frame.url().startsWith(studio.web)), [])

      // A window that it opens does not know it.
      const [opened] = await Promise.all([context.waitForEvent('page'), page.evaluate((address) => void window.open(address), `${studio.web}/security`)])
      await opened.getByRole('heading', { name: 'Sign-in and security' }).waitFor()
      assert.equal(await opened.evaluate(() => window.opener === null), true)
      await opened.close()

      // Forms and links that go there: a form does nothing, a file stays, a page opens.
      for (const [name, field] of [['SetUser', '{"email":"eve@example.com","role":"admin","display_name":"'], ['SignOut', '{"x":"']] as const) {
        const [answer] = await Promise.all([
          page.waitForResponse(call(name)),
          page.evaluate(
            ([action, name]) => {
              const form = document.createElement('form')
              form.method = 'post'
              form.enctype = 'text/plain'
              form.action = action!
              const input = document.createElement('input')
              input.name = name!
              input.value = '"}'
              form.append(input)
              document.body.append(form)
              form.submit()
            },
            [call(name), field],
          ),
        ])
        assert.equal(answer.status(), 403)
        await page.getByText('a page of another site asked for this').waitFor()
        await page.goto(evil)
      }
      const [file] = await Promise.all([page.waitForResponse(/\/files\//), page.evaluate((to) => location.assign(to), `${studio.web}/files/people.csv`)])
      assert.equal(file.status(), 403)
      assert.deepEqual(loaded, [])
      assert.deepEqual(await stands(), before)

      // The same from its own page is done, and the session was there all the time.
      const done = await own.evaluate(
        async ([path, body]) => (await fetch(path!, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })).status,
        [call('SetUser'), newUser(`adam@${host}`)],
      )
      assert.equal(done, 200)
      assert.notDeepEqual(await stands(), before)
      await context.close()
    })
  })
}

test('the cookie is for the collector alone, and out of reach of scripts', async () => {
  const context = await signedIn(browser, 'manager')
  const [cookie, ...more] = await context.cookies()
  assert.deepEqual(more, [])
  const { name, httpOnly, secure, sameSite, path, domain, expires, value } = cookie!
  assert.deepEqual({ name, httpOnly, secure, sameSite, path, domain }, { name: '__Host-dayline', httpOnly: true, secure: true, sameSite: 'Strict', path: '/', domain: 'localhost' })
  assert.ok(expires > Date.now() / 1000 && expires < Date.now() / 1000 + 12 * 3600 + 60, `${expires}`)
  const at = await watched(context)
  await at.open('/security')
  const known = await at.page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage }) + document.documentElement.outerHTML)
  assert.ok(!known.includes(value))
  const answer = await context.request.post(call('SignIn'), { data: { email: studio.users.viewer, password: studio.password, cookie: true } })
  assert.doesNotMatch(await answer.text(), /dl[a-z]*_?[A-Za-z0-9]{20}/, 'the secret is in the cookie, not in the answer')
  await context.close()
})

test('no script runs that is not the pages’ own, and nothing goes elsewhere', async () => {
  const context = await signedIn(browser, 'manager')
  const page = await context.newPage()
  await page.goto(`${studio.web}/security`)
  await page.getByRole('heading', { level: 1 }).waitFor()
  const evil = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const done = await page.evaluate(async (elsewhere) => {
    const refused: string[] = []
    document.addEventListener('securitypolicyviolation', (event) => refused.push(`${event.effectiveDirective} ${event.blockedURI}`))
    const inline = document.createElement('script')
    inline.textContent = 'window.hit = "inline"'
    document.body.append(inline)
    document.body.insertAdjacentHTML('beforeend', '<img src="/none" onerror="window.hit = 1"><p style="color: red"></p><a id="bad" href="javascript:window.hit = 2">x</a>')
    document.getElementById('bad')!.click()
    const other = document.createElement('script')
    other.src = elsewhere
    document.body.append(other)
    const beacon = await fetch(elsewhere, { mode: 'no-cors' }).then(() => 'sent', () => 'refused')
    // Violations are told in the order in which they happen: after this one all are.
    await new Promise((done) => {
      document.addEventListener('securitypolicyviolation', (event) => event.effectiveDirective === 'img-src' && done(undefined))
      new Image().src = elsewhere
    })
    return { hit: (window as unknown as { hit?: unknown }).hit, beacon, refused: refused.sort() }
  }, evil)
  assert.equal(done.hit, undefined)
  assert.equal(done.beacon, 'refused')
  assert.deepEqual(done.refused, [
    `connect-src ${evil}`, `img-src ${evil}`, 'script-src-attr inline', 'script-src-elem ' + evil, 'script-src-elem inline', 'script-src-elem inline', 'style-src-attr inline',
  ])
  await context.close()
})

test('texts from outside are shown as text on every page', async () => {
  const context = await signedIn(browser, 'admin')
  const at = await watched(context)
  const { page } = at
  await page.addInitScript(() => {
    ;(window as unknown as { hit: (what?: string) => void }).hit = (what) => console.error(`hit ${what}`)
  })
  const stranger = (await admin.listPeople({})).people.find((one) => one.logins[0] === 'STUDIO\\<b>eve</b>')!
  const name = '<img src=x onerror="hit(\'name\')">'
  await admin.setPerson({ person: stranger.id, name })
  await admin.setGroup({ name: '</script><script>hit(\'group\')</script>', addPeople: [stranger.id] })
  await admin.classify({ rules: [{ app: "<script>hit('app')</script>", status: 'unproductive', category: '<script>hit("category")</script>' }] })
  const ask = { range: 'last_week', person: stranger.id }
  const titles = (await admin.reportTitles(ask)).rows.map((row) => row.title)
  for (const title of ["<script>hit('title')</script>", 'gnp.eciovni turned', 'bell and[31m red']) assert.ok(titles.includes(title), `${titles}`)
  const { rows } = await admin.listActivity({ ask, limit: 1 })
  const day = rows[0]!.start.slice(0, 10)

  // Where each of the texts is to be read, as it is.
  const seen: [address: string, text: string][] = [
    ['/people?range=last_week', name], [`/people/${stranger.id}?from=${day}`, name], ['/hours?range=last_week', name], ['/live', name],
    [`/apps?range=last_week&app=${encodeURIComponent("<script>hit('app')</script>")}&titles=1`, "<img src=x onerror=hit('product')>"],
    [`/activity?range=last_week&person=${stranger.id}`, "<script>hit('title')</script>"], ['/dashboard?range=last_week', name],
    ['/categories?range=last_week', '<script>hit("category")</script>'], ['/groups?range=last_week', "</script><script>hit('group')</script>"],
    ['/devices', "<script>hit('device')</script>"], ['/admin/people', name], ['/admin/groups', "</script><script>hit('group')</script>"],
    ['/classification?tab=rules', "<script>hit('app')</script>"], ['/audit', name],
  ]
  for (const [address, text] of seen) {
    await at.open(address)
    await page.getByText(text).first().waitFor({ state: 'attached' })
    assert.equal(await page.locator('#content :is(script, img[src="x"], i, b)').count(), 0, address)
    assert.deepEqual(at.faults.splice(0), [], address)
  }
  assert.ok(pages.length > seen.length)
  await context.close()
})
