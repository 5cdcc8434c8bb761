// Settings and what is done on pages that cannot be taken back: what is changed in a page is in the file or is so for the
// contract, what is changed in the file is on the page, and what cannot be is said.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { table } from './shown'
import { contract, openBrowser, signedIn, studio, watched } from './studio'

let browser: Browser
before(async () => {
  browser = await openBrowser()
})
after(() => browser.close())

const admin = contract('admin')
const file = (name: string) => `${studio.config}/${name}.yaml`
const inFile = (name: string) => readFile(file(name), 'utf8')

test('a setting goes into the file and its history, comes back from it, and of two versions one is chosen', async () => {
  const context = await signedIn(browser, 'admin')
  const at = await watched(context)
  const { page } = at
  await at.open('/account')
  const before = await inFile('account')
  assert.match(before, /^# The studio's settings\.\n/)
  const minutes = page.getByLabel('Counts as input for', { exact: true })
  await minutes.fill('99999')
  await page.getByText('That is out of range').first().waitFor()
  assert.ok(await page.getByRole('button', { name: 'Save changes' }).isDisabled())
  await minutes.fill('4')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await page.getByRole('region', { name: 'Saved.' }).getByText('passive.start').waitFor()
  const after = await inFile('account')
  assert.ok(after.startsWith(before.trimEnd()), after)
  assert.match(after, /passive: *(\{start: 4m\}|\n +start: 4m)/)
  assert.match(after, /# All computers of a new office at once\.\ninstallers:/)
  await page.getByRole('button', { name: 'History' }).click()
  await page.getByRole('dialog').getByRole('row', { name: /passive\.start.*4m.*ada@example\.com/ }).waitFor()
  const { changes } = await admin.configHistory({ file: 'account.yaml', limit: 1 })
  assert.deepEqual([changes[0]!.key, changes[0]!.new, changes[0]!.actor], ['passive.start', '4m', studio.users.admin])
  await page.keyboard.press('Escape')

  // By hand: there after a reload. Here and there at once: one of both is kept.
  async function byHand(from: string, to: string) {
    const text = await inFile('account')
    assert.ok(text.includes(from), text)
    await writeFile(file('account'), text.replace(from, to))
    for (let there = false; !there; ) there = (await admin.showAccount({})).keys.some((key) => key.key === 'passive.start' && key.value === JSON.stringify(to.replace('start: ', '')))
  }
  await byHand('start: 4m', 'start: 3m')
  await page.reload()
  await at.settled()
  assert.equal(await minutes.inputValue(), '3')
  await byHand('start: 3m', 'start: 2m')
  for (const [typed, side, kept] of [['7', 'Theirs, in the file now', '2m'], ['8', 'Yours', '8m']] as const) {
    if (side === 'Yours') await byHand('start: 2m', 'start: 5m')
    await minutes.fill(typed)
    await page.getByRole('button', { name: 'Save changes' }).click()
    const dialog = page.getByRole('dialog', { name: 'Somebody else changed this meanwhile' })
    await dialog.getByText(side === 'Yours' ? '5m' : '2m', { exact: true }).waitFor()
    await dialog.getByText(`${typed}m`, { exact: true }).waitFor()
    assert.ok(await dialog.getByRole('button', { name: 'Save this way' }).isDisabled())
    await dialog.getByLabel(side).check()
    await dialog.getByRole('button', { name: 'Save this way' }).click()
    await dialog.waitFor({ state: 'hidden' })
    assert.match(await inFile('account'), new RegExp(`start: ${kept}`))
  }
  assert.deepEqual(at.faults, [])
  await context.close()
})

test('a configurator changes schedules and nothing else of the account', async () => {
  const context = await signedIn(browser, 'configurator')
  const at = await watched(context)
  const { page } = at
  await at.open('/account')
  await page.getByText('You may change schedules here').waitFor()
  assert.ok(await page.getByLabel('Counts as input for', { exact: true }).isDisabled())
  await page.getByLabel('Name of the schedule').fill('office')
  await page.getByRole('button', { name: 'Add a schedule' }).click()
  await page.getByRole('button', { name: 'Save changes' }).click()
  await page.getByRole('region', { name: 'Saved.' }).waitFor()
  assert.match(await inFile('account'), /schedules:[\s\S]*office:[\s\S]*08:00-18:00/)
  const refused = await page.evaluate(async () => {
    const answer = await fetch('/dayline.admin.v1.AdminService/SetConfig', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"file":"account.yaml","key":"passive.start","value":"9m"}' })
    return answer.status
  })
  assert.equal(refused, 403)
  assert.doesNotMatch(await inFile('account'), /start: 9m/)
  assert.deepEqual(at.faults, [])
  await context.close()
})

test('what is classified in place and in bulk is in the file and in the report', async () => {
  const context = await signedIn(browser, 'configurator')
  const at = await watched(context)
  const { page } = at
  await at.open('/apps?range=last_week&app=slack')
  await page.getByRole('complementary').getByLabel('Status').first().selectOption('unproductive')
  await page.getByRole('complementary').getByRole('button', { name: 'Save' }).click()
  await page.getByText(/classification\.yaml: 1 rule added/).waitFor()
  assert.match(await inFile('classification'), /^# What counts as what at the studio\./)
  assert.match(await inFile('classification'), /app: slack[\s\S]{0,20}status: unproductive/)
  await page.getByRole('row', { name: /Slack/ }).getByText('unproductive').first().waitFor({ state: 'attached' })
  assert.equal((await admin.reportApps({ range: 'last_week' })).rows.find((row) => row.app === 'slack')!.status, 'unproductive')
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('button', { name: 'Undo' }).waitFor({ state: 'detached' })
  assert.doesNotMatch(await inFile('classification'), /app: slack/)

  await at.open('/classification')
  const left = (await admin.listPending({ range: 'last_30_days' })).rows
  await page.getByRole('checkbox').nth(0).check()
  await page.getByRole('checkbox').nth(1).check()
  const form = page.getByRole('form', { name: 'What it counts as' })
  await form.getByLabel('Status').selectOption('productive')
  await form.getByRole('button', { name: 'Save' }).click()
  await page.getByText(/classification\.yaml: 2 rules added/).waitFor()
  const rest = (await admin.listPending({ range: 'last_30_days' })).rows
  assert.equal(rest.length, left.length - 2)
  for (const { app, site } of left.slice(0, 2)) assert.ok((await inFile('classification')).includes(site ? `site: ${site}` : `app: ${app}`))
  assert.deepEqual(at.faults, [])
  await context.close()
})

test('an installer link is made, copied and revoked', async () => {
  const context = await signedIn(browser, 'admin', { permissions: ['clipboard-read', 'clipboard-write'] })
  const at = await watched(context)
  const { page } = at
  await at.open('/account#links')
  await page.getByRole('radio', { name: 'macOS' }).check()
  await page.getByRole('button', { name: 'Create link' }).click()
  const made = page.getByRole('dialog', { name: 'The link is made' })
  const address = await made.getByLabel('Address of the link').inputValue()
  assert.match(address, /^https?:\/\/[^/]+\/install\/[\w-]{43}$/)
  await made.getByRole('button', { name: 'Copy Address of the link' }).click()
  await page.getByText('Copied.').waitFor({ state: 'attached' })
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), address)
  assert.equal(await made.getByRole('link', { name: 'Open its page' }).getAttribute('href'), address)
  assert.ok(!(await made.getByLabel('Enrolment string').isVisible()))
  await made.getByText('Enrolment string').first().click()
  assert.match(await made.getByLabel('Enrolment string').inputValue(), /^dl1[a-z2-7]{40,}$/)
  await page.keyboard.press('Escape')
  const { links } = await admin.listLinks({})
  const link = links.find((one) => one.os === 'macos')!
  assert.deepEqual([link.state, link.createdBy], ['valid', studio.users.admin])
  await page.getByRole('row', { name: /macOS/ }).getByRole('button', { name: 'Revoke' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await page.getByRole('row', { name: /macOS.*revoked/ }).waitFor()
  const beside = await page.getByRole('table', { name: 'Installer links' }).evaluate((table) => table.parentElement!.scrollWidth - table.parentElement!.clientWidth)
  assert.equal(beside, 0, 'the whole table is seen')
  assert.equal((await admin.listLinks({})).links.find((one) => one.id === link.id)!.state, 'revoked')
  assert.deepEqual(at.faults, [])
  await context.close()
})

test('who is no administrator makes a link where the account says so, and sees and ends no other', async () => {
  const others = (await admin.createLink({ os: 'windows' })).link!
  const context = await signedIn(browser, 'viewer')
  const at = await watched(context)
  const { page } = at
  await at.open('/install-dayline')
  await page.getByRole('heading', { name: 'This page does not exist' }).waitFor()
  await admin.setConfig({ file: 'account.yaml', key: 'installers.non_admins', value: 'true' })
  await at.open('/my-day')
  await page.getByRole('link', { name: 'Install Dayline' }).click()
  await page.getByText('No link was made yet.').waitFor()
  assert.ok(await page.getByRole('radio', { name: 'Linux' }).isChecked(), 'it begins with the system that the browser is on')
  await page.getByLabel('Computers that may join by it').fill('2')
  await page.getByRole('button', { name: 'Create link' }).click()
  const made = page.getByRole('dialog', { name: 'The link is made' })
  await made.getByText('for Linux, for 2 devices').waitFor()
  assert.match(await made.getByLabel('Address of the link').inputValue(), /\/install\/[\w-]{43}$/)
  await page.keyboard.press('Escape')
  await page.getByRole('row', { name: /Linux.*0 of 2/ }).getByRole('button', { name: 'Revoke' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await page.getByRole('row', { name: /Linux.*revoked/ }).waitFor()
  assert.equal(await page.locator('tbody tr').count(), 1)
  const seen = await contract('viewer').listLinks({})
  assert.deepEqual(seen.links.map((link) => [link.os, link.createdBy, link.state]), [['linux', studio.users.viewer, 'revoked']])
  await assert.rejects(contract('viewer').revokeLink({ id: others.id }), /there is no such link/)
  await admin.revokeLink({ id: others.id })
  await admin.setConfig({ file: 'account.yaml', key: 'installers.non_admins', value: 'false' })
  assert.deepEqual(at.faults, [])
  await context.close()
})

/** released gives the files of a release of one package, which is one by its first bytes. */
function released(version: string, content: Buffer) {
  const name = `dayline-agent-${version}-linux-amd64.rpm`
  const sha256 = createHash('sha256').update(content).digest('hex')
  const listed = { product: 'dayline-agent', version, issued: '2026-11-20T10:00:00Z', packages: [{ name, os: 'linux', arch: 'amd64', kind: 'rpm', size: content.length, sha256 }] }
  return {
    sha256,
    files: [{ name, mimeType: 'application/octet-stream', buffer: content }, { name: 'release.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(listed)) }] as const,
  }
}

test('a release is put on the shelf whole or not at all, is what links hand out, and is taken off', async () => {
  const context = await signedIn(browser, 'admin')
  const at = await watched(context)
  const { page } = at
  await at.open('/admin/releases')
  await page.getByText('There is no release yet').waitFor()
  const input = page.getByLabel('Drop the files here, or choose them')
  const add = page.getByRole('button', { name: 'Add', exact: true })
  const { files, sha256 } = released('1.2.3', Buffer.concat([Buffer.from([0xed, 0xab, 0xee, 0xdb]), Buffer.alloc(100_000, 'rpm')]))
  await input.setInputFiles(files[0])
  await page.getByText('release.json is not among these files').waitFor()
  assert.ok(await add.isDisabled())

  const changed = { ...files[0], buffer: Buffer.concat([files[0].buffer, Buffer.from('!')]) }
  await input.setInputFiles([changed, files[1]])
  await add.click()
  await page.getByRole('alert').waitFor()
  assert.deepEqual((await admin.listReleases({})).releases, [])

  // Dropped, as from a folder.
  const dropped = await page.evaluateHandle((all) => {
    const transfer = new DataTransfer()
    for (const { name, bytes } of all) transfer.items.add(new File([Uint8Array.from(bytes)], name))
    return transfer
  }, files.map(({ name, buffer }) => ({ name, bytes: [...buffer] })))
  await page.getByRole('group', { name: 'Add a release' }).dispatchEvent('drop', { dataTransfer: dropped })
  await page.getByText('2 files, ').waitFor()
  await add.click()
  const shelf = page.getByRole('region', { name: 'Version 1.2.3' })
  await shelf.getByText(sha256).waitFor()
  await page.getByText('1.2.3, the newest').waitFor()
  await page.getByText('Nobody: this collector was built without release keys').waitFor()
  const { choices } = await admin.listReleases({})
  assert.deepEqual(choices.map((choice) => [choice.os, choice.version]), [['windows', ''], ['macos', ''], ['linux', '1.2.3']])
  for (const { problem } of choices) if (problem) await page.getByText(problem, { exact: true }).waitFor()

  // What its links hand out, and that somebody took it.
  await at.open('/account#links')
  await page.getByRole('radio', { name: 'Linux' }).check()
  await page.getByRole('button', { name: 'Create link' }).click()
  const made = page.getByRole('dialog', { name: 'The link is made' })
  await made.getByText('Commands for administrators').click()
  await made.getByText('the package of version 1.2.3').waitFor()
  assert.equal(await made.getByLabel('Package').locator('option:checked').innerText(), 'Fedora, RHEL, SUSE and their kin (.rpm), Intel and AMD')
  assert.ok((await made.getByLabel('Command', { exact: true }).inputValue()).includes(sha256))
  // Whoever opens it compares the key, since the certificate is the collector's own.
  const key = await made.getByText(/^sha256\/\/[\w+/]{43}=$/).innerText()
  assert.ok((await made.getByLabel('Command', { exact: true }).inputValue()).includes(`'${key}' -k`))
  const { pathname } = new URL(await made.getByLabel('Address of the link').inputValue())
  const download = await fetch(`${studio.web}${pathname}/download/amd64/rpm`)
  assert.equal(download.status, 200)
  assert.ok(Buffer.from(await download.arrayBuffer()).includes(files[0].buffer))
  await page.reload()
  await at.settled()
  assert.ok((await (await fetch(studio.web + pathname)).text()).replaceAll('&#43;', '+').includes(key))
  assert.equal((await table(page.getByRole('main'), 'Installer links'))[0]!.Downloads, '1 used this minute')
  await page.getByRole('row', { name: /Linux.*0 of 500 1 used this minute/ }).getByRole('button', { name: 'Revoke' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await page.getByRole('row', { name: /Linux.*revoked 0 of 500 1/ }).waitFor()
  assert.equal((await fetch(`${studio.web}${pathname}/download/amd64/rpm`)).status, 410)

  await at.open('/admin/releases')
  await shelf.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('dialog', { name: 'Remove release 1.2.3?' }).getByRole('button', { name: 'Remove' }).click()
  await page.getByText('There is no release yet').waitFor()
  assert.deepEqual((await admin.listReleases({})).releases, [])
  const actions = (await admin.listAudit({ newestFirst: true, limit: 20 })).entries.filter((entry) => entry.action.startsWith('release.')).map((entry) => [entry.action, entry.subject, entry.actor])
  assert.deepEqual(actions, [['release.remove', '1.2.3', studio.users.admin], ['release.add', '1.2.3', studio.users.admin]])
  assert.deepEqual(at.faults, [])
  await context.close()
})

test('a user is added, gets another role and goes; a token is made and revoked', async () => {
  const context = await signedIn(browser, 'admin')
  const at = await watched(context)
  const { page } = at
  await at.open('/admin/users')
  await page.getByRole('button', { name: 'Add a user' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('E-mail address').fill('nina@example.com')
  await dialog.getByLabel('Set one later').check()
  await dialog.getByRole('button', { name: 'Add a user' }).click()
  await page.waitForURL(/user=nina/)
  assert.match(await inFile('people'), /email: nina@example\.com[\s\S]{0,20}role: manager/)
  await page.getByRole('radio', { name: /^Viewer/ }).check()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('What nina@example.com may do was changed.').waitFor({ state: 'attached' })
  assert.match(await inFile('people'), /email: nina@example\.com[\s\S]{0,20}role: viewer/)
  await page.getByRole('button', { name: 'Remove the user' }).click()
  const sure = page.getByRole('dialog')
  if (await sure.getByRole('textbox').count()) await sure.getByRole('textbox').fill('nina@example.com')
  await sure.getByRole('button', { name: /Remove/ }).click()
  await page.waitForURL((url) => !url.search.includes('nina'))
  assert.doesNotMatch(await inFile('people'), /nina@example/)

  await at.open('/tokens')
  await page.getByRole('button', { name: 'Create a token' }).click()
  await dialog.getByLabel('For what').fill('nightly')
  await dialog.getByRole('button', { name: 'Create a token' }).click()
  const secret = await dialog.getByLabel('The token', { exact: true }).innerText()
  const ask = () => fetch(`${studio.web}/dayline.admin.v1.AdminService/WhoAmI`, { method: 'POST', headers: { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/json' }, body: '{}' })
  assert.equal(((await (await ask()).json()) as { read_only: boolean }).read_only, true)
  await dialog.getByRole('button', { name: 'I have kept it' }).click()
  await page.getByRole('button', { name: /Revoke the token “nightly”/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click()
  await page.getByText('The token was revoked.').waitFor({ state: 'attached' })
  assert.equal((await ask()).status, 401)
  assert.deepEqual(at.faults, [])
  await context.close()
})

test('a device is deleted, asked to uninstall and revoked, each once its name was typed', async () => {
  const context = await signedIn(browser, 'admin')
  const at = await watched(context)
  const { page } = at
  const id = (await admin.listDevices({})).devices.find((one) => one.name === 'ledger')!.id
  await at.open(`/devices?device=${id}`)
  for (const [button, told] of [['Delete the data', /[1-9][\d,]* episodes were deleted/], ['Uninstall', /is asked to remove itself/], ['Revoke', /ledger is revoked/]] as const) {
    await page.getByRole('button', { name: `${button} …` }).click()
    const dialog = page.getByRole('dialog')
    const act = dialog.getByRole('button', { name: button, exact: true })
    assert.ok(await act.isDisabled())
    await dialog.getByLabel('Type ledger to confirm').fill('ledger')
    await act.click()
    await page.getByText(told).first().waitFor({ state: 'attached' })
  }
  assert.equal((await admin.listDevices({})).devices.find((one) => one.id === id)!.revoked, true)
  assert.equal((await admin.listActivity({ ask: { range: 'last_30_days', device: id } })).rows.length, 0)
  assert.deepEqual(at.faults, [])
  await context.close()
})

test('language and colours stay after a reload', async () => {
  const context = await signedIn(browser, 'viewer')
  const at = await watched(context)
  const { page } = at
  await at.open('/people')
  await page.locator('nav summary').click()
  await page.getByLabel('Colours').selectOption('dark')
  await Promise.all([page.waitForEvent('load'), page.getByLabel('Language').selectOption('de')])
  await at.open('/people')
  assert.equal(await page.locator('h1').innerText(), 'Personen')
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'de')
  const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  assert.ok(Math.max(...dark.match(/\d+/g)!.map(Number)) < 80, dark)
  assert.deepEqual(at.faults, [])
  await context.close()
})

test('signing in and reading a report need no mouse', async () => {
  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' })
  const at = await watched(context)
  const { page } = at
  const { keyboard } = page
  await at.open('/people')
  await page.getByLabel('E-mail address').and(page.locator(':focus')).waitFor()
  await keyboard.type(studio.users.admin)
  await keyboard.press('Tab')
  await keyboard.type(studio.password)
  await keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'People' }).waitFor()
  await at.settled()
  await keyboard.press('t')
  await page.waitForURL(/range=today/)
  await at.settled()
  const { today } = await admin.whoAmI({})
  await keyboard.press('[')
  await page.waitForURL(/from=/)
  const yesterday = new URL(page.url()).searchParams.get('from')!
  assert.equal((Date.parse(today) - Date.parse(yesterday)) / 86_400_000, 1)
  await at.settled()
  await keyboard.press(']')
  await page.waitForURL(new RegExp(`from=${today}`))
  await page.getByRole('searchbox').waitFor()
  await keyboard.press('/')
  await page.getByRole('searchbox').and(page.locator(':focus')).waitFor()
  await keyboard.type('lena')
  await page.getByRole('row', { name: /Emil Sørensen/ }).waitFor({ state: 'detached' })
  const found = page.locator('tbody a', { hasText: 'Lena Vogt' })
  await found.waitFor()
  for (let tabs = 0; !(await found.and(page.locator(':focus')).count()); tabs++) {
    assert.ok(tabs < 100, 'the tab key never comes to Lena')
    await keyboard.press('Tab')
  }
  await keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Lena Vogt' }).waitFor()
  await at.settled()
  // Every key that the list has does what it says.
  await keyboard.press('?')
  const help = page.getByRole('dialog', { name: 'What the keyboard does' })
  await help.getByText('Today').waitFor()
  await keyboard.press('Escape')
  await help.waitFor({ state: 'hidden' })
  assert.deepEqual(at.faults, [])
  await context.close()
})

test('a call on its way, one that fails and one without an answer to give are told', async () => {
  const context = await signedIn(browser, 'manager')
  const at = await watched(context)
  const { page } = at
  let go = () => {}
  const held = new Promise<void>((done) => (go = done))
  let calls = 0
  await page.route('**/ReportPeople', async (route) => {
    if (calls++ > 0) return route.continue()
    await held
    return route.abort()
  })
  await page.goto(`${studio.web}/people?range=last_week`)
  await page.locator('main [aria-busy="true"]').first().waitFor()
  assert.equal(await page.locator('tbody tr').count(), 0)
  go()
  await page.getByRole('alert').getByText('The collector does not answer').waitFor()
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByRole('row', { name: /Emil Sørensen/ }).waitFor()
  assert.equal(await page.getByRole('alert').count(), 0)
  await at.open('/people?from=2020-01-01&to=2020-01-31')
  assert.equal(await page.getByRole('row', { name: /Emil Sørensen/ }).count(), 0)
  assert.doesNotMatch(await page.locator('#content').innerText(), /0:00/)
  for (const path of ['/dashboard', '/apps', '/sites', '/categories', '/groups', '/hours', '/activity']) {
    await at.open(`${path}?from=2020-01-01&to=2020-01-31`)
    assert.doesNotMatch(await page.locator('#content').innerText(), /\b0:00\b|\b0 %|NaN|undefined hours/, path)
    assert.match(await page.locator('#content').innerText(), /no |nothing|nobody/i, path)
  }
  assert.deepEqual(at.faults, [])
  await context.close()
})
