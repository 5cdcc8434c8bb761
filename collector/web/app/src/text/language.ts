/** The languages that the catalogue has. */
export const languages = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof languages

const kept = 'dayline.language'
let chosen: Language | undefined

function wanted(): Language {
  for (const word of [localStorage.getItem(kept), ...navigator.languages]) {
    const short = word?.slice(0, 2)
    if (short && short in languages) return short as Language
  }
  return 'en'
}

/** language is the one in use. */
export function language(): Language {
  return (chosen ??= wanted())
}

/** keepLanguage chooses one for this browser; it holds from the next load on. */
export function keepLanguage(to: Language) {
  chosen = to
  localStorage.setItem(kept, to)
}
