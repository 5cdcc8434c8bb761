// The browser that a person's agent opens (test/e2e): it is sent on to the pages, let in once, and shows that login's day.
// Run as: node --import tsx test/my-day.ts CHROMIUM ADDRESS

import assert from 'node:assert/strict'
import { chromium } from 'playwright-core'

const [executablePath = '', address = ''] = process.argv.slice(2)
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
try {
  const page = await browser.newPage({ locale: 'en-GB' })
  let opened = ''
  page.on('framenavigated', (frame) => (opened ||= frame.url()))
  await page.goto(address)
  await page.getByRole('heading', { name: 'My day' }).waitFor()
  assert.match(opened, /\/my-day#code=/)
  assert.equal(page.url(), opened.replace(/#.*/, ''), 'the code leaves the address')
  await page.getByText('What is collected here, and why').waitFor()
  const shown = await page.locator('main').innerText()
  assert.match(shown, /What was recorded of .+\\.+ on .+: this login on this computer, and nothing else\./)
  assert.match(shown, /max@example\.com/, 'who looked')

  const stranger = await (await browser.newContext({ locale: 'en-GB' })).newPage()
  await stranger.goto(opened)
  await stranger.getByRole('heading', { name: 'This address opens nothing any more' }).waitFor()

  await page.locator('main').getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'See your own day' }).waitFor()
} finally {
  await browser.close()
}
