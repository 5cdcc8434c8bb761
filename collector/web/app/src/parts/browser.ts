import { say } from '../text/text'

/** browserText writes what the contract calls a browser ("Firefox on Linux", "A browser on macOS") in the reader's language. */
export function browserText(told: string): string {
  const [name = '', system = ''] = told.split(' on ')
  const browser = name === 'A browser' ? say('security.someBrowser') : name
  return system ? say('security.browserOn', { browser, system }) : browser
}
