// What travels between extension and agent, as agent/internal/browser/message.go says: of each message exactly one member.

export interface Tab {
  /** The browser's number of the window, or none. */
  window: number
  private?: true
  url?: string
  title?: string
  audible?: true
}

export type Said = { hello: { version: string } } | { tab: Tab } | { ask: 'status' }

export interface Heard {
  ack?: { session: boolean }
  again?: boolean
  status?: Status
}

/** The window's number where none has the focus that the extension may see: chrome.windows.WINDOW_ID_NONE. */
export const none = -1

/** What the agent says of the login that asks, for the popup. */
export interface Status {
  /** The agent's service answers; else problem says why not, and what to do. */
  running: boolean
  problem?: string
  login?: string
  collect: boolean
  /** Why nothing is collected. */
  reason?: string
  paused: boolean
  /** Only at the hours of a schedule. */
  scheduled: boolean
  titles: boolean
  /** host, path or full; else none are. */
  urls?: string
  /** What the employer tells whoever sits here. */
  notice?: string
  /** Since when these settings hold, RFC 3339. */
  settings_since?: string
}
