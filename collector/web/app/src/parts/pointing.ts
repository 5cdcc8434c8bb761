// The hand on a day's line: one finger or the mouse moves the view, two or the wheel zoom it, a tap chooses.

import { markAt, type Day, type Mark, type Span } from './band'
import { panned, pinched, within, zoomed } from './zoom'

export interface Pointing {
  day: () => Day
  view: () => Span
  marks: () => Mark[]
  show: (view: Span) => void
  /** What the mouse is over. */
  point: (mark: Mark | undefined) => void
  choose: (mark: Mark | undefined) => void
}

/** How far apart, in pixels, a press and its end are that is still no drag; and how near a fingertip has to be. */
const still = 5
const fingertip = 14

/** pointing is a Svelte action. */
export function pointing(line: HTMLElement, on: Pointing) {
  /** Those down, by id: the instant that was under each when it came, and where it is now. */
  const fingers = new Map<number, { instant: number; place: number; x: number }>()
  let dragged = false
  let scrolledAt = -Infinity

  const placeOf = (event: MouseEvent) => (event.clientX - line.getBoundingClientRect().left) / line.clientWidth
  function instantAt(place: number): number {
    const { from, to } = on.view()
    return from + place * (to - from)
  }
  function markUnder(event: PointerEvent | MouseEvent): Mark | undefined {
    const touch = event instanceof PointerEvent && event.pointerType !== 'mouse'
    const reach = ((touch ? fingertip : 3) * (on.view().to - on.view().from)) / line.clientWidth
    const box = line.getBoundingClientRect()
    return markAt(on.marks(), instantAt(placeOf(event)), reach, (event.clientY - box.top) / box.height)
  }

  function down(event: PointerEvent) {
    if (event.button !== 0) return
    if (fingers.size === 0) dragged = false
    const place = placeOf(event)
    fingers.set(event.pointerId, { instant: instantAt(place), place, x: event.clientX })
    if (fingers.size === 2) dragged = true
  }
  function move(event: PointerEvent) {
    const finger = fingers.get(event.pointerId)
    if (!finger) {
      if (event.pointerType === 'mouse') on.point(markUnder(event))
      return
    }
    if (!dragged && Math.abs(event.clientX - finger.x) < still) return
    if (!dragged) line.setPointerCapture(event.pointerId)
    dragged = true
    on.point(undefined)
    finger.place = placeOf(event)
    const [one, two] = [...fingers.values()]
    if (one && two) on.show(pinched(on.view(), on.day(), [one.instant, two.instant], [one.place, two.place]))
    else {
      const long = on.view().to - on.view().from
      const from = finger.instant - finger.place * long
      on.show(within({ from, to: from + long }, on.day()))
    }
  }
  function up(event: PointerEvent) {
    fingers.delete(event.pointerId)
    for (const finger of fingers.values()) finger.instant = instantAt(finger.place) // the one that stays goes on from here
  }
  function leave(event: PointerEvent) {
    if (event.pointerType === 'mouse') on.point(undefined)
  }
  function click(event: MouseEvent) {
    if (dragged) return
    const name = event.detail === 0 && (event.target as Element).closest<HTMLElement>('[data-at]')?.dataset.at
    on.choose(name ? markAt(on.marks(), Number(name)) : markUnder(event)) // a screen reader clicks without a place
  }

  function wheel(event: WheelEvent) {
    // Who scrolls down the page and comes over the line goes on scrolling.
    if (!event.ctrlKey && event.timeStamp - scrolledAt < 300) return
    const [day, view] = [on.day(), on.view()]
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) on.show(panned(view, day, (event.deltaX * lines) / line.clientWidth))
    else if (event.deltaY > 0 && view.to - view.from >= day.to - day.from) return // there is nothing farther away
    else on.show(zoomed(view, day, Math.exp(event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), instantAt(placeOf(event))))
    on.point(markUnder(event))
    event.preventDefault()
  }
  const scrolled = (event: Event) => (scrolledAt = event.timeStamp)

  const listeners = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up, pointerleave: leave, click }
  for (const [name, listener] of Object.entries(listeners)) line.addEventListener(name, listener as EventListener)
  line.addEventListener('wheel', wheel, { passive: false })
  addEventListener('scroll', scrolled, { passive: true })
  return { destroy: () => removeEventListener('scroll', scrolled) }
}
