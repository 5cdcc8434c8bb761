// People, groups and do-not-track: what is edited in the page is in the file, and what is edited in the file is on the page.

import axe from 'axe-core'
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { contract, openBrowser, signedIn, studio, watched } from './studio'

let browser: Browser
before(async () => {
  browser = await openBrowser()
})
after(() => browser.close())

const file = `${studio.config}/people.yaml`
const inFile = () => readFile(file, 'utf8')

async function accessible(page: Page) {
  await page.evaluate(axe.source)
  const found = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ['violations'] }))
  assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes[0]!.html}`), [], page.url())
}

/** saved waits until the page says what changed, and gives that. */
async function saved(page: Page): Promise<string> {
  const told = page.getByRole('region', { name: 'Saved.' })
  await told.waitFor()
  return told.innerText()
}

test('a person is named, made one with another, and parted again', async () => {
  const context = await signedIn(browser, 'admin')
  const at = await watched(context)
  const { page } = at
  await at.open('/admin/people?find=john345')
  await page.getByRole('link', { name: 'STUDIO\\john345' }).click()
  await at.settled()
  await accessible(page)
  await page.getByLabel('Name', { exact: true }).fill('John Doe')
  await page.getByRole('button', { name: 'Save' }).click()
  assert.match(await saved(page), /people\.yaml[\s\S]*John Doe/)
  await page.getByRole('heading', { level: 1, name: 'John Doe' }).waitFor()
  assert.match(await inFile(), /name: John Doe/)

  await page.getByLabel('Name', { exact: true }).fill('lena vogt')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Lena Vogt is the name of another person already').waitFor()
  await accessible(page)
  await page.getByRole('dialog').getByRole('button', { name: 'Make them one' }).click()
  await page.getByRole('heading', { level: 1, name: 'Lena Vogt' }).waitFor()
  assert.match(await saved(page), /john345/)
  const people = await contract('admin').listPeople({})
  assert.deepEqual(people.people.find((p) => p.name === 'Lena Vogt')?.logins, ['STUDIO\\john345', 'STUDIO\\lena'])
  await page.getByRole('button', { name: 'Take STUDIO\\john345 away' }).click()
  await page.getByRole('row', { name: /john345/ }).waitFor({ state: 'detached' })
  assert.doesNotMatch(await inFile(), /john345/)

  // A login of somebody else asks first; one that is none says so.
  await page.getByLabel('Another login of theirs').fill('studio\\KOFI')
  await page.getByRole('button', { name: 'Add' }).click()
  await page.getByRole('dialog').getByText('Kofi Mensah’s').waitFor()
  await page.keyboard.press('Escape')
  await page.getByLabel('Another login of theirs').fill('nonsense')
  await page.keyboard.press('Enter')
  assert.match(await page.getByRole('alert').innerText(), /is not a login/)
  assert.deepEqual(at.faults, [])
  await context.close()
})

test('a history is deleted once its person’s name was typed, and the entry stays', async () => {
  const context = await signedIn(browser, 'admin')
  const at = await watched(context)
  const { page } = at
  const goran = (await contract('admin').listPeople({})).people.find((p) => p.name === 'Goran Petrov')!
  await at.open(`/admin/people?person=${goran.id}`)
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Export everything' }).click()
  assert.match((await download).suggestedFilename(), /\.zip$/)
  await page.getByRole('button', { name: 'Delete the history …' }).click()
  const act = page.getByRole('dialog').getByRole('button', { name: 'Delete the history' })
  assert.ok(await act.isDisabled())
  await page.getByLabel('Type Goran Petrov to confirm').fill('Goran Petrov')
  await act.click()
  const told = page.getByRole('status').filter({ hasText: 'people.yaml still names whose it was' })
  assert.match(await told.innerText(), /[1-9][\d,]* episodes were deleted/)
  assert.match(await inFile(), /name: Goran Petrov/)
  const { rows } = await contract('admin').reportPeople({ range: 'last_30_days', person: goran.id })
  assert.equal(rows.length, 0)
  assert.deepEqual(at.faults, [])
  await context.close()
})

test('a group gains and loses members, is renamed everywhere, and goes', async () => {
  const context = await signedIn(browser, 'admin')
  const at = await watched(context)
  const { page } = at
  await at.open('/admin/groups')
  await page.getByLabel('Name of the new group').fill('Night shift')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Night shift' }).waitFor()
  for (const [label, word, shown] of [['A person: name', 'fatima idrissi', 'Fatima Idrissi'], ['A device: name', 'desk-11', 'desk-11'], ['A login:', 'STUDIO\\later', 'STUDIO\\later']] as const) {
    await page.getByLabel(label).fill(word)
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: `Take ${shown} out` }).waitFor()
  }
  assert.match(await saved(page), /knows no login/)
  await accessible(page)
  await page.getByRole('button', { name: 'Take desk-11 out' }).click()
  await page.getByRole('button', { name: 'Take desk-11 out' }).waitFor({ state: 'detached' })

  // What somebody changes in the file by hand is on the page once the collector has seen it.
  await contract('admin').setUser({ email: 'nora@example.com', role: 'viewer', viewableGroups: ['Night shift'], setViewable: true })
  const was = await inFile()
  assert.match(was, /STUDIO\\later/)
  await writeFile(file, was.replace('STUDIO\\later', 'STUDIO\\hana'))
  for (let seen = false; !seen; ) seen = (await contract('admin').listGroups({})).groups.some((group) => group.logins.includes('STUDIO\\hana'))
  await page.reload()
  await page.getByRole('button', { name: 'Take STUDIO\\hana out' }).waitFor()
  await page.getByText('It limits the view of nora@example.com').waitFor()

  await page.getByLabel('Its new name').fill('Nights')
  await page.getByRole('button', { name: 'Rename' }).click()
  await page.getByRole('heading', { level: 1, name: 'Nights' }).waitFor()
  assert.match(await inFile(), /viewable_groups: \[Nights\]/)
  await page.getByRole('button', { name: 'Remove the group …' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click()
  assert.match(await page.getByRole('alert').innerText(), /still named at people\.yaml:\d+ \(users/)
  await page.keyboard.press('Escape')
  await contract('admin').removeUser({ email: 'nora@example.com' })
  await page.getByRole('button', { name: 'Remove the group …' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Groups' }).waitFor()
  assert.match(await saved(page), /Nights/)
  assert.doesNotMatch(await inFile(), /Nights/)
  assert.deepEqual(at.faults, [])
  await context.close()
})

test('a configurator sees a group that limits a view, and cannot change it', async () => {
  const context = await signedIn(browser, 'configurator')
  const at = await watched(context)
  await at.open('/admin/groups?group=Support')
  await at.page.getByText('only administrators change it').waitFor()
  assert.equal(await at.page.getByRole('button', { name: 'Add' }).count(), 0)
  assert.equal(await at.page.getByText('max@example.com').count(), 0, 'whose view it is, is not told')
  await at.open('/admin/groups?group=Office')
  assert.equal(await at.page.getByRole('button', { name: 'Add' }).count(), 3)
  await context.close()
})

test('a login is put on the do-not-track list and taken off', async () => {
  const context = await signedIn(browser, 'admin')
  const at = await watched(context)
  const { page } = at
  await at.open('/admin/do-not-track')
  await page.getByLabel('Login').fill('studio\\lena')
  await page.getByText('Nothing will be collected of lena in studio.').waitFor()
  await page.getByRole('button', { name: 'Collect nothing' }).click()
  assert.match(await saved(page), /do_not_track/)
  await page.getByRole('row', { name: /studio\\lena/ }).getByRole('link', { name: 'Lena Vogt' }).waitFor()
  await accessible(page)
  assert.match(await inFile(), /do_not_track:\s+- \{user: lena, domain: studio\}/)
  await page.getByLabel('Login').fill('*')
  await page.getByRole('button', { name: 'Collect nothing' }).click()
  await page.getByRole('dialog').getByText('Collect nothing at all?').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Collect again' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Collect again' }).click()
  await page.getByText('the list is empty').waitFor()
  assert.deepEqual(at.faults, [])
  await context.close()
})
