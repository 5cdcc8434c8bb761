import { en } from './en'
import { language } from './language'

/** A text, or one for each plural form of {n}. */
export type Text = string | { readonly one: string; readonly other: string }

type Catalogue = typeof en
export type Key = { [A in keyof Catalogue]: `${A}.${string & keyof Catalogue[A]}` }[keyof Catalogue]

let catalogue: Record<string, Record<string, Text>> = en

/** chooseLanguage loads the texts of the language in use. */
export async function chooseLanguage() {
  document.documentElement.lang = language()
  catalogue = language() === 'de' ? (await import('./de')).de : en
}

/** say gives a text with its {names} filled in; {n} also chooses between the plural forms. */
export function say(key: Key, values: Record<string, string | number> = {}): string {
  const dot = key.indexOf('.')
  let text = catalogue[key.slice(0, dot)]?.[key.slice(dot + 1)] ?? key
  if (typeof text !== 'string') {
    text = new Intl.PluralRules(language()).select(Number(values.n)) === 'one' ? text.one : text.other
  }
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name]
    return typeof value === 'number' ? value.toLocaleString(language()) : (value ?? whole)
  })
}

/** sayWord gives the text for a word of the contract ("productive", "off", …); the word itself where there is none. */
export function sayWord(area: keyof Catalogue, word: string): string {
  const text = catalogue[area]?.[word]
  return typeof text === 'string' ? text : word
}
