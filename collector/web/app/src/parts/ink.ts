// The colours of the pages as a canvas needs them: resolved, for light or dark.

const names = {
  paper: '--paper', sheet: '--sheet', sunken: '--sunken', line: '--line', lineStrong: '--line-strong', ink: '--ink', inkSoft: '--ink-soft',
  accent: '--accent', locked: '--locked',
  'productive-active': '--productive', 'productive-passive': '--productive-passive',
  'undefined-active': '--undefined', 'undefined-passive': '--undefined-passive',
  'unproductive-active': '--unproductive', 'unproductive-passive': '--unproductive-passive',
  'untold-active': '--untold', 'untold-passive': '--untold-passive',
} as const

/** Ink gives each colour by its name, those of times by the names that parts() gives, and the family of letters as `font`. */
export type Ink = Record<keyof typeof names, string> & { font: string }

/** inkAt reads the colours in force at an element. */
export function inkAt(element: HTMLElement): Ink {
  const probe = element.appendChild(document.createElement('i'))
  const ink = { font: getComputedStyle(element).fontFamily } as Ink
  for (const [name, variable] of Object.entries(names)) {
    probe.style.color = `var(${variable})`
    ink[name as keyof typeof names] = getComputedStyle(probe).color
  }
  probe.remove()
  return ink
}

/** hatched gives a pattern of thin lines: what there is no data of. */
export function hatched(line: string, ground: string) {
  const image = document.createElement('canvas')
  image.width = image.height = 12
  const pen = image.getContext('2d')!
  pen.fillStyle = ground
  pen.fillRect(0, 0, 12, 12)
  pen.strokeStyle = line
  pen.lineWidth = 1.5
  for (const from of [-12, 0, 12]) {
    pen.moveTo(from, 12)
    pen.lineTo(from + 12, 0)
  }
  pen.stroke()
  return { image, repeat: 'repeat' as const, scaleX: 0.5, scaleY: 0.5 }
}
