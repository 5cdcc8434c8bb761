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
    new MutationObserver((_, observer) => {
      if (!document.querySelector('main .loaded[aria-busy="false"]')) return
      observer.disconnect()
      // The frame after the next is the first that shows it whole.
      requestAnimationFrame(() => requestAnimationFrame(() => (seen.at = performance.now())))
    }).observe(document, { subtree: true, childList: true, attributeFilter: ['aria-busy'] })
  })
  await page.goto(`${studio.web}/dashboard`)
  const { at } = await page.waitForFunction(() => {
    const { seen } = globalThis as unknown as { seen: { at: number } }
    return seen.at > 0 && seen
  }).then((handle) => handle.jsonValue() as Promise<{ at: number }>)
  await page.waitForLoadState('networkidle')
  const scripts = await page.evaluate(() =>
    (performance.getEntriesByType('resource') as PerformanceResourceTiming[])
      .filter((entry) => entry.name.endsWith('.js'))
      .map((entry) => ({ start: entry.startTime, bytes: entry.encodedBodySize })),
  )
  const bytes = (late: boolean) => scripts.filter((s) => s.start >= at === late).reduce((sum, s) => sum + s.bytes, 0)
  took.push(at)
  script = Math.max(script, bytes(false))
  later = Math.max(later, bytes(true))
  shift = Math.max(shift, await page.evaluate(() => (globalThis as unknown as { seen: { shift: number } }).seen.shift))
  await browser.close()
}
took.sort((a, b) => a - b)
console.log(JSON.stringify({ median_ms: took[rounds >> 1], worst_ms: took[rounds - 1], script_bytes: script, later_bytes: later, layout_shift: shift }))
