// What is told of a tab. Pure.
import { none, type Tab } from './message'

/** Bounds of the contract: an address in bytes, a title in characters. */
const longestURL = 2048
const longestTitle = 512

/** A browser's tab, as far as anything of it is looked at. */
export interface Shown {
  id?: number | undefined
  windowId: number
  incognito: boolean
  url?: string | undefined
  title?: string | undefined
  audible?: boolean | undefined
  status?: string | undefined
}

/** The page's address: http or https, without user, password and fragment, cut to the bound; empty for all else. */
export function addressOf(text: string | undefined): string {
  let url: URL
  try {
    url = new URL(text ?? '')
  } catch {
    return ''
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return ''
  url.username = url.password = url.hash = ''
  if (url.href.length > longestURL) url.search = ''
  const address = url.href.length > longestURL ? `${url.origin}/` : url.href
  return address.length > longestURL ? '' : address
}

/** What is told while a tab is the active one of the window that has the focus. Of a private window nothing else is. */
export function toldOf(tab: Shown | undefined): Tab {
  if (!tab) return { window: none }
  if (tab.incognito) return { window: tab.windowId, private: true }
  const url = addressOf(tab.url)
  const title = [...(tab.title ?? '')].slice(0, longestTitle).join('')
  return { window: tab.windowId, ...(url && { url }), ...(title && { title }), ...(tab.audible && { audible: true as const }) }
}

/**
 * Is a tab between two pages: its title not there yet, which browsers show as the address without its scheme, or still that of
 * the page before, under a new address? Firefox shows about:blank like that in each navigation.
 */
export function betweenPages(before: Shown | undefined, now: Shown | undefined): boolean {
  if (!now || now.incognito || now.status !== 'loading') return false
  return !now.title || !!now.url?.endsWith(now.title) || (now.id === before?.id && now.url !== before?.url && now.title === before?.title)
}
