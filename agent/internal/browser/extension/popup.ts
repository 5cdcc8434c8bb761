// What a click on the toolbar's button shows: what the agent collects of whoever sits here.
import type { Status } from './message'
import { linesOf } from './status'

const say = (name: string, value?: string) => chrome.i18n.getMessage(name, value)
const moment = (time: string) => new Date(time).toLocaleString(chrome.i18n.getUILanguage(), { dateStyle: 'medium', timeStyle: 'short' })

function element(name: string, text: string, className = ''): HTMLElement {
  const made = document.createElement(name)
  made.textContent = text
  made.className = className
  return made
}

function show(status: Status | null): void {
  const main = document.querySelector('main')!
  const { words, facts } = linesOf(status, say, moment)
  const list = document.createElement('dl')
  for (const [name, value] of facts) list.append(element('dt', name), element('dd', value))
  main.replaceChildren(...words.map((text, i) => element('p', text, i > 0 ? 'soft' : '')), ...(facts.length > 0 ? [list] : []))
}

document.documentElement.lang = chrome.i18n.getUILanguage()
chrome.runtime.sendMessage('status', (status: Status | null | undefined) => {
  void chrome.runtime.lastError // nobody answered: shown as no connection
  show(status ?? null)
})
