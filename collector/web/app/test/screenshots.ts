// `make screenshots`: the main pages as an administrator sees them, and a person's own day, at three widths, into the folder
// that is named. What the README shows is made by this, so that it shows what is there.

import { mkdir } from 'node:fs/promises'
import { contract, openBrowser, signedIn, watched } from './studio'

const into = process.argv[2]
if (!into) throw new Error('usage: screenshots.ts FOLDER')

const people = (await contract('admin').listPeople({})).people
const ana = people.find((p) => p.name === 'Ana Lima')!.id
const shots = {
  dashboard: '/dashboard?range=last_30_days',
  live: '/live',
  day: `/people/${ana}?range=today`,
  people: '/people?range=last_30_days',
  hours: '/hours?range=last_30_days',
  apps: '/apps?range=last_30_days',
  activity: '/activity?range=today',
  classification: '/classification',
  account: '/account',
  devices: '/devices',
  updates: '/admin/updates',
}
/** Seen by who is measured. */
const own = { 'my-day': '/my-day' }
/** Whatever is kept makes every clone larger: all of them once, and some in other looks. */
const looks = {
  '': { options: { viewport: { width: 1440, height: 900 } }, only: undefined },
  '-dark': { options: { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' as const }, only: ['dashboard', 'live', 'day'] },
  '-1024': { options: { viewport: { width: 1024, height: 768 } }, only: ['dashboard', 'people', 'apps'] },
  '-390': { options: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }, only: ['dashboard', 'day', 'activity', 'account', 'my-day'] },
}

await mkdir(into, { recursive: true })
const browser = await openBrowser()
for (const [look, { options, only }] of Object.entries(looks)) {
  for (const [role, list] of [['admin', shots], ['person', own]] as const) {
    const context = await signedIn(browser, role, options)
    const at = await watched(context)
    for (const [name, address] of Object.entries(list)) {
      if (only && !only.includes(name)) continue
      await at.open(address)
      await at.page.waitForLoadState('networkidle') // charts come after the numbers
      await at.page.screenshot({ path: `${into}/${name}${look}.png`, animations: 'disabled' })
    }
    if (at.faults.length) throw new Error(at.faults.join('\n'))
    await context.close()
  }
}
await browser.close()
