// The first administrator (test/web): the link of a collector without users makes one, once.
// Run as: node --import tsx test/setup.ts CHROMIUM LINK

import assert from 'node:assert/strict'
import { chromium } from 'playwright-core'

const [executablePath = '', link = ''] = process.argv.slice(2)
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
try {
  const page = await browser.newPage({ locale: 'en-GB' })
  const { origin } = new URL(link)
  await page.goto(origin)
  await page.waitForURL(/\/sign-in/)
  assert.equal(await page.getByLabel('Password').count(), 0, 'nobody can sign in yet')
  await page.goto(link)
  await page.getByLabel('Your e-mail address').fill('ada@example.com')
  assert.equal(page.url(), `${origin}/setup`, 'the code leaves the address')
  await page.getByLabel('A password').fill('a-long-enough-password')
  await page.getByLabel('The password again').fill('a-long-enough-password')
  await page.getByRole('button', { name: 'Become the administrator' }).click()
  await page.waitForURL(`${origin}/dashboard`)
  await page.goto(`${origin}/admin/users`)
  await page.getByRole('row', { name: /ada@example\.com.*Administrator/ }).waitFor()
  await page.goto(`${origin}/people`)
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"], .waiting'))
  assert.equal(await page.locator('tbody tr').count(), 0, 'a page without any data has no rows')

  const late = await (await browser.newContext({ locale: 'en-GB' })).newPage()
  await late.goto(link)
  await late.getByText('There is an administrator already').waitFor()
} finally {
  await browser.close()
}
