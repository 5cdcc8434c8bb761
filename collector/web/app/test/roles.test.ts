// Every page, opened by its address as every role: shown to those who may and to nobody else, without a fault, and such that
// it can be used without a mouse and without eyes.

import axe from 'axe-core'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { pages } from '../src/pages/pages'
import { contract, openBrowser, roles, signedIn, watched, type Watched } from './studio'

let browser: Browser
before(async () => {
  browser = await openBrowser()
})
after(() => browser.close())

/** serious gives what axe finds that keeps somebody from using the page. */
async function serious(watched: Watched): Promise<string[]> {
  await watched.page.evaluate(axe.source)
  const found = await watched.page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ['violations'] }))
  return found.violations
    .filter((violation) => violation.impact === 'serious' || violation.impact === 'critical')
    .map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`)
}

const person = (await contract('admin').listPeople({})).people.find((p) => p.name === 'Emil Sørensen')!.id
const addresses = pages.filter((page) => !['sign-in', 'setup'].includes(page.name)).map((page) => ({ page, address: page.path.replace(':person', person) }))

for (const role of roles) {
  describe(role, () => {
    test('sees the pages of its calls, and no other', async () => {
      const { may } = await contract(role).whoAmI({})
      const context = await signedIn(browser, role)
      const at = await watched(context)
      for (const { page, address } of addresses) {
        await at.open(address)
        const refused = (await at.page.locator('main h1').innerText()) === 'This page does not exist'
        assert.equal(refused, page.may !== '' && !may.includes(page.may), `${address} as ${role}`)
        assert.equal(await at.page.locator('main h1').count(), 1, `${address}: one h1`)
        assert.match(await at.page.title(), refused ? /Dayline/ : /.+ · Dayline/, address)
        assert.deepEqual(at.faults.splice(0), [], `${address} as ${role}`)
      }
      const links = await at.page.locator('nav a[href]').evaluateAll((all) => all.map((a) => a.getAttribute('href')))
      for (const { page, address } of addresses) {
        assert.equal(links.includes(address), page.menu !== undefined && (page.may === '' || may.includes(page.may)), `${address} in the menu of ${role}`)
      }
      await context.close()
    })
  })
}

for (const [name, options] of Object.entries({
  'on a phone': { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  'in the dark': { colorScheme: 'dark' as const },
  'in German': { locale: 'de-DE' },
})) {
  test(`${name} every page fits, and axe finds nothing serious`, async () => {
    const context = await signedIn(browser, 'admin', options)
    const at = await watched(context)
    for (const { address } of addresses) {
      await at.open(address)
      assert.deepEqual(await serious(at), [], `${address} ${name}`)
      const [wide, seen] = await at.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
      assert.ok(wide! <= seen!, `${address} ${name}: ${wide} px of content in ${seen} px`)
      assert.deepEqual(at.faults.splice(0), [], `${address} ${name}`)
    }
    await context.close()
  })
}
