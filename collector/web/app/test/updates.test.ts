// Roll-outs as an administrator follows and steers them, and devices that are told to update: at a collector that trusts a key,
// with a release that Linux has, half of Windows is told of, and one of the Macs did not keep (test/studio).

import axe from 'axe-core'
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { Browser, Locator } from 'playwright-core'
import { table, words } from './shown'
import { contract, openBrowser, signedIn, studio, watched, type Watched } from './studio'
import { moment, several } from './words'

let browser: Browser
before(async () => {
  browser = await openBrowser()
})
after(() => browser.close())

const admin = contract('admin')
const names: Record<string, string> = { windows: 'Windows', macos: 'macOS', linux: 'Linux' }
const account = () => readFile(`${studio.config}/account.yaml`, 'utf8')

async function aimOf(os: string) {
  return (await admin.showUpdates({})).aims.find((aim) => aim.os === os)!
}

async function opened(options: Parameters<typeof signedIn>[2] = {}): Promise<Watched> {
  return watched(await signedIn(browser, 'admin', options))
}

async function closed(at: Watched) {
  assert.deepEqual(at.faults, [])
  await at.page.context().close()
}

/** confirmed has a dialog do what its one button of that name says. */
async function confirmed(dialog: Locator, action: string) {
  await dialog.getByRole('button', { name: action, exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
}

/** reach presses Tab until something has the focus. */
async function reach({ page }: Watched, wanted: Locator) {
  for (let tabs = 0; !(await wanted.and(page.locator(':focus')).count()); tabs++) {
    assert.ok(tabs < 100, 'the tab key never comes there')
    await page.keyboard.press('Tab')
  }
}

test('each system’s version has its light with its word, how many run it, its roll-out and the devices that failed', async () => {
  const at = await opened()
  const { page } = at
  for (const [query, activeDays] of [['', 30], ['?days=all', 0]] as const) {
    await at.open(`/admin/updates${query}`)
    const { aims, failures } = await admin.showUpdates({ activeDays })
    assert.deepEqual(aims.map((aim) => [aim.os, aim.light, aim.there, aim.devices]), [['windows', 'yellow', 2, 8], ['macos', 'red', 1, 3], ['linux', 'green', 2, 3]])
    for (const aim of aims) {
      const part = page.getByRole('region', { name: `${names[aim.os]} ${aim.version}` })
      await part.getByRole('img', { name: aim.light }).waitFor()
      const told = await words(part)
      const wanted = [
        `${aim.there} of ${several(aim.devices, 'device', 'devices')} ${activeDays ? `that came in the last ${activeDays} days` : 'that ever came'}`,
        `${aim.percent}% of the devices may have it, since ${moment(aim.since)}`, several(aim.tried, 'device', 'devices'),
        aim.halted ? `Halted by itself ${moment(aim.halted)}: ${aim.haltedWhy}` : aim.reason,
        aim.next && `${aim.nextPercent}% from ${moment(aim.next)} on, by the plan`, aim.lost && `${aim.lost} of them went back or fell silent`,
        aim.elsewhere && `${aim.elsewhere} of them does not update itself.`,
      ]
      for (const text of wanted) if (text) assert.ok(told.includes(text), `${told}: ${text}`)
      assert.deepEqual((await part.getByRole('button').allInnerTexts()).map((text) => text.replace(/\s+/g, ' ')), (aim.halted ? ['Go on'] : aim.percent < 100 ? ['Raise', 'Halt'] : ['Halt']).map((act) => `${act} … ${names[aim.os]} ${aim.version}`))
    }
    assert.deepEqual((await table(page.getByRole('main'), 'Devices that failed')).map((row) => [row.Device, row.Version, row['What happened']]), failures.map((one) => [
      one.name, `${one.from} to ${one.version}`, `On probation: ${one.reason}. The version before runs again.`,
    ]))
    assert.deepEqual(failures.map((one) => [one.name, one.rolledBack]), [['iris', true]])
  }
  await page.getByRole('link', { name: '7 days' }).click()
  await page.waitForURL(/days=7/)

  // From there to the devices, as many as were told.
  await page.getByRole('region', { name: 'Windows 1.1.0' }).getByRole('link', { name: 'Devices that run it' }).click()
  await page.waitForURL(/\/devices\?os=windows&version=1\.1\.0/)
  await at.settled()
  assert.deepEqual((await table(page.getByRole('main'), 'Devices')).map((row) => [row.Device, row.Agent]), [['desk-04', '1.1.0'], ['desk-05', '1.1.0']])
  await at.open('/devices?os=windows&aim=1.1.0')
  const aiming = (await admin.listDevices({})).devices.filter((one) => one.os === 'windows' && one.update?.version === '1.1.0').map((one) => one.name)
  assert.ok(aiming.includes('front-desk') && !aiming.includes('desk-04'), String(aiming))
  assert.deepEqual((await table(page.getByRole('main'), 'Devices')).map((row) => [row.Device, row.Agent]), aiming.toSorted().map((name) => [name, '1.0.0, to 1.1.0']))
  await closed(at)
})

test('a roll-out is raised, halted and let go on, each once it was asked, without a mouse too', async () => {
  const at = await opened()
  const { page } = at
  await at.open('/admin/updates')
  const part = (name: string) => page.getByRole('region', { name: `${name} 1.1.0` })
  const dialog = page.getByRole('dialog')

  await reach(at, part('Windows').getByRole('button', { name: /^Raise/ }))
  await page.keyboard.press('Enter')
  const share = dialog.getByLabel('Share of the devices, in per cent')
  assert.equal(await share.inputValue(), '100', 'as the plan goes on')
  await share.fill('40')
  await page.keyboard.press('Enter')
  assert.ok(await dialog.isVisible(), 'a share that is not more is not sent')
  await share.fill('70')
  await page.keyboard.press('Enter')
  await part('Windows').getByText('70% of the devices may have it').waitFor()
  assert.equal((await aimOf('windows')).percent, 70)

  await part('Linux').getByRole('button', { name: /^Halt/ }).click()
  await page.keyboard.press('Escape')
  assert.equal((await aimOf('linux')).halted, '')
  await part('Linux').getByRole('button', { name: /^Halt/ }).click()
  await confirmed(dialog, 'Halt')
  await part('Linux').getByText(new RegExp(`^Halted .* by ${studio.users.admin}`)).waitFor()
  assert.deepEqual([(await aimOf('linux')).haltedBy, (await aimOf('linux')).light], [studio.users.admin, 'red'])

  await part('macOS').getByRole('button', { name: /^Go on/ }).click()
  await confirmed(dialog, 'Go on')
  await part('macOS').getByRole('img', { name: 'yellow' }).waitFor()
  assert.equal((await aimOf('macos')).halted, '')

  // What somebody else did meanwhile is told in the dialog.
  await part('Windows').getByRole('button', { name: /^Raise/ }).click()
  await admin.setRollout({ os: 'windows', version: '1.1.0', act: { case: 'percent', value: 100 } })
  await dialog.getByRole('button', { name: 'Raise', exact: true }).click()
  await dialog.getByRole('alert').getByText('is not more than the 100').waitFor()
  await closed(at)
})

test('one device is told to update now, which can be taken back, and refused what is not there', async () => {
  const at = await opened()
  const { page } = at
  const device = async (name: string) => (await admin.listDevices({})).devices.find((one) => one.name === name)!
  const { id } = await device('lilac')
  await at.open(`/devices?device=${id}`)
  const dialog = page.getByRole('dialog', { name: 'Update lilac now?' })
  await page.getByRole('button', { name: 'Update now …' }).click()
  await dialog.getByLabel('To which version').fill('9.9.9')
  await dialog.getByRole('button', { name: 'Update now' }).click()
  await dialog.getByRole('alert').getByText('9.9.9').waitFor()
  await dialog.getByLabel('To which version').fill('')
  await confirmed(dialog, 'Update now')
  await page.getByText('lilac is told to become 1.1.0.').waitFor({ state: 'attached' })
  await page.getByText('To become 1.1.0', { exact: false }).and(page.locator('section p')).waitFor()
  assert.equal((await device('lilac')).update?.version, '1.1.0')
  assert.ok((await admin.listAudit({ newestFirst: true, limit: 20 })).entries.some((entry) => entry.action === 'device.update' && entry.subject === id))
  const asked = page.getByText('An administrator told it to update now.')
  await asked.waitFor()
  await page.getByRole('button', { name: 'Take back …' }).click()
  await confirmed(page.getByRole('dialog', { name: 'No longer have lilac update now?' }), 'Take back')
  await page.getByText('lilac is no longer told to update now.').waitFor({ state: 'attached' })
  await asked.waitFor({ state: 'detached' })
  assert.ok(!(await device('lilac')).update?.ordered)

  await at.open(`/devices?device=${(await device('iris')).id}`)
  await page.getByText('The version before runs again.').waitFor()
  await at.open(`/devices?device=${(await device('damson')).id}`)
  await page.getByText('It does not update itself: a package (.deb)').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Update now …' }).count(), 0)
  await closed(at)
})

test('which version agents run, and the plan, are set with the rest of the account', async () => {
  const at = await opened()
  const { page } = at
  await at.open('/account#updates')
  const save = page.getByRole('button', { name: 'Save changes' })
  await page.getByRole('combobox', { name: 'Linux', exact: true }).selectOption('pinned')
  await page.getByText('Please write a version such as 1.4.2.').first().waitFor()
  assert.ok(await save.isDisabled())
  await page.getByLabel('Version, Linux').fill('1.1.0')
  await page.getByLabel('Plan', { exact: true }).fill('20, 10')
  await page.getByText('Please write up to 20 rising numbers').first().waitFor()
  assert.ok(await save.isDisabled())
  await page.getByLabel('Plan', { exact: true }).fill('20, 100')
  await page.getByLabel('Halts above').fill('8')
  await save.click()
  await page.getByRole('region', { name: 'Saved.' }).waitFor()
  assert.match(await account(), /updates:[\s\S]*pinned: 1\.1\.0/)
  const { plan, halt } = JSON.parse((await admin.showAccount({})).keys.find((key) => key.key === 'updates.rollout')!.value) as { plan: number[]; halt: number }
  assert.deepEqual([plan, halt], [[20, 100], 8])
  await page.getByRole('combobox', { name: 'Linux', exact: true }).selectOption('off')
  await save.click()
  await page.getByRole('region', { name: 'Saved.' }).waitFor()
  await at.open('/admin/updates')
  await page.getByRole('region', { name: 'Linux', exact: true }).getByRole('paragraph').getByText('updating is off').waitFor()
  await closed(at)
})

for (const [name, options] of Object.entries({
  'on a phone': { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  'in the dark': { colorScheme: 'dark' as const },
  'in German': { locale: 'de-DE' },
})) {
  test(`${name} roll-outs fit, and axe finds nothing serious`, async () => {
    const at = await opened(options)
    const id = (await admin.listDevices({})).devices.find((one) => one.name === 'iris')!.id
    for (const address of ['/admin/updates', `/devices?device=${id}`, '/devices?aim=1.1.0', '/admin/releases']) {
      await at.open(address)
      await at.page.evaluate(axe.source)
      const found = await at.page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ['violations'] }))
      assert.deepEqual(found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), [], address)
      const [wide, seen] = await at.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
      assert.ok(wide! <= seen!, `${address}: ${wide} px of content in ${seen} px`)
    }
    await closed(at)
  })
}
