// What `make bench` measures of the pages (T13): the first view of the dashboard in a browser that has nothing of it, until
// its numbers are painted; what was sent for it; whether anything jumped. It prints one line of JSON.

import { openBrowser, signedIn, studio } from './studio'

const rounds = 9
const took: number[] = []
let script = 0
let later = 0
let shift = 0
for (let round = 0; round < rounds; round++) {
  const browser = await openBrowser()
  const context = await signedIn(browser, 'admin')
  const page = await context.newPage()
  await page.addInitScript(() => {
    const seen = { at: 0, shift: 0 }
    Object.assign(globalThis, { seen })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[]) seen.shift += entry.value
    }).observe({ type: 'layout-shift', buffered: true })
    const look = () => {
      if (!document.querySelector('main .loaded[aria-busy="false"]')) return requestAnimationFrame(look)
      // The frame after is the one that shows it.
      return requestAnimationFrame(() => setTimeout(() => (seen.at = performance.now())))
    }
    requestAnimationFrame(look)
  })
  await page.goto(`${studio.web}/dashboard`)
  const { at } = await page.waitForFunction(() => {
    const { seen } = globalThis as unknown as { seen: { at: number } }
    return seen.at > 0 && seen
  }).then((handle) => handle.jsonValue() as Promise<{ at: number }>)
  await page.waitForLoadState('networkidle')
  const sent = await page.evaluate((until) => {
    const scripts = (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).filter((entry) => entry.name.endsWith('.js'))
    const bytes = (list: PerformanceResourceTiming[]) => list.reduce((sum, entry) => sum + entry.encodedBodySize, 0)
    return { first: bytes(scripts.filter((entry) => entry.startTime < until)), all: bytes(scripts), shift: (globalThis as unknown as { seen: { shift: number } }).seen.shift }
  }, at)
  took.push(at)
  script = Math.max(script, sent.first)
  later = Math.max(later, sent.all - sent.first)
  shift = Math.max(shift, sent.shift)
  await browser.close()
}
took.sort((a, b) => a - b)
console.log(JSON.stringify({ median_ms: took[rounds >> 1], worst_ms: took[rounds - 1], script_bytes: script, later_bytes: later, layout_shift: shift }))
