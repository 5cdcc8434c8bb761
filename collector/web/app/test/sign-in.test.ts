// Signing in and its own page, as people do: with the wrong password, a code, a passkey; and out of every other browser.

import axe from 'axe-core'
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { openBrowser, signedIn, studio, watched } from './studio'

let browser: Browser
before(async () => {
  browser = await openBrowser()
})
after(() => browser.close())

const email = studio.users.manager

/** codeOf is what an authenticator app shows for a secret, some steps of 30 s from now (RFC 6238). */
function codeOf(secret: string, later = 0): string {
  const bits = [...secret.replace(/ /g, '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => parseInt(byte, 2)))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later))
  const hash = createHmac('sha1', key).update(step).digest()
  return String((hash.readUInt32BE(hash[19]! & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

async function signOut(page: Page) {
  await page.locator('nav summary').click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('Password').waitFor()
}

async function accessible(page: Page) {
  await page.evaluate(axe.source)
  const found = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ['violations'] }))
  assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes[0]!.html}`), [], page.url())
}

test('a password, a code and a passkey let in, and what is wrong is said', async () => {
  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' })
  const at = await watched(context)
  const { page } = at
  const authenticator = await context.newCDPSession(page)
  await authenticator.send('WebAuthn.enable')
  await authenticator.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  })
  await at.open('/security?x=1')
  assert.equal(new URL(page.url()).pathname, '/sign-in', 'nobody is signed in')
  await accessible(page)
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password').fill('a wrong password')
  await page.keyboard.press('Enter')
  assert.match(await page.getByRole('alert').innerText(), /E-mail address or password is wrong/)
  await page.getByLabel('Password').fill(studio.password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Sign-in and security' }).waitFor()
  assert.equal(page.url(), `${studio.web}/security?x=1`, 'back to where one wanted to be')
  await at.settled()
  await accessible(page)

  await page.getByRole('button', { name: 'Set it up' }).click()
  await page.getByRole('img', { name: 'QR code' }).waitFor()
  await accessible(page)
  const secret = await page.locator('code').innerText()
  await page.getByLabel('Then type the six digits').fill('12')
  await page.getByRole('button', { name: 'Turn it on' }).click()
  assert.match(await page.getByRole('alert').innerText(), /code/)
  await page.getByLabel('Then type the six digits').fill(codeOf(secret))
  await page.getByRole('button', { name: 'Turn it on' }).click()
  await page.getByText('Beside your password a code').waitFor()
  await page.getByLabel('Name of the passkey').fill('Work laptop')
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByText('Work laptop').waitFor()

  await signOut(page)
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByText('Work laptop').waitFor()

  await signOut(page)
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password').fill(studio.password)
  await page.keyboard.press('Enter')
  const code = page.getByLabel('Code of your authenticator app')
  await code.waitFor()
  assert.equal(await code.evaluate((field) => field === document.activeElement), true, 'typing goes on')
  await code.fill('000000')
  await page.keyboard.press('Enter')
  assert.match(await page.getByRole('alert').innerText(), /code is wrong/)
  await code.fill(codeOf(secret, 1))
  await page.keyboard.press('Enter')
  await page.getByText('Work laptop').waitFor()

  await page.getByRole('button', { name: 'Turn it off' }).click()
  await page.getByLabel('Your password, or a code').fill(studio.password)
  await page.getByRole('dialog').getByRole('button', { name: 'Turn it off' }).click()
  await page.getByText('Off. With it').waitFor()
  await page.getByRole('button', { name: 'Remove the passkey' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click()
  await page.getByText('You have none yet').waitFor()
  assert.deepEqual(at.faults, [])
  await context.close()
})

test('a session ended elsewhere is over, and a new password ends all others', async () => {
  const [here, there] = await Promise.all([signedIn(browser, 'configurator'), signedIn(browser, 'configurator')])
  const [mine, other] = await Promise.all([watched(here), watched(there)])
  await Promise.all([mine.open('/security'), other.open('/security')])
  const out = async () => {
    await other.page.goto(`${studio.web}/security`)
    await other.page.getByLabel('Password').waitFor()
  }
  const rows = mine.page.getByRole('table').locator('tbody tr')
  assert.equal(await rows.count(), 2)
  await mine.page.getByRole('button', { name: 'End the session' }).click()
  await mine.page.getByText('The session was ended').waitFor()
  await out()

  await other.page.getByLabel('E-mail address').fill(studio.users.configurator)
  await other.page.getByLabel('Password').fill(studio.password)
  await other.page.keyboard.press('Enter')
  await other.page.getByRole('heading', { name: 'Sign-in and security' }).waitFor()
  await mine.open('/security')
  await mine.page.getByRole('button', { name: 'Change the password' }).click()
  await mine.page.getByLabel('Password until now').fill(studio.password)
  await mine.page.getByLabel('New password').fill('another good password')
  await mine.page.getByLabel('The password again').fill('another good pass')
  await mine.page.getByRole('dialog').getByRole('button', { name: 'Change the password' }).click()
  await mine.page.getByText('The two passwords are not the same').waitFor()
  await mine.page.getByLabel('The password again').fill('another good password')
  await mine.page.getByRole('dialog').getByRole('button', { name: 'Change the password' }).click()
  await mine.page.getByText('signed out everywhere else').waitFor()
  await out()
  await mine.open('/security')
  assert.equal(await rows.count(), 1)
  assert.deepEqual(mine.faults, [])
  await Promise.all([here.close(), there.close()])
})

test('the sign-in page leads nowhere else, and says why the provider let nobody in', async () => {
  const context = await signedIn(browser, 'admin')
  const at = await watched(context)
  for (const back of ['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)']) {
    await at.page.goto(`${studio.web}/sign-in?back=${encodeURIComponent(back)}`)
    await at.page.waitForURL(`${studio.web}/dashboard`)
  }
  await context.clearCookies()
  await at.open('/sign-in?failed=unverified')
  assert.match(await at.page.getByRole('alert').innerText(), /does not vouch/)
  await at.open('/setup')
  await at.page.getByText('There is an administrator already').waitFor()
  assert.deepEqual(at.faults, [])
  await context.close()
})
