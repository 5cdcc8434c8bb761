// The extension's background: tells the agent which tab is the active one of the window that has the focus, and nothing of any
// other. It keeps nothing of pages beyond what it told last.
import { Host } from './host'
import { none, type Heard, type Status } from './message'
import { Pace } from './pace'
import { betweenPages, toldOf, type Shown } from './tab'

declare const VERSION: string

/** How long a title may stay behind its address, and how long the agent may take to answer the popup, in milliseconds. */
const settled = 1_000
const patience = 3_000

const pace = new Pace()
let timer: ReturnType<typeof setTimeout> | undefined
/** The window that was last said to have the focus, none where it was said to be no window that the extension may see. */
let focused: number | undefined
/** What was told last, as JSON, and the tab it was told of, where that is no private one. */
let told = ''
let shown: Shown | undefined
/** Told again although it is no news: the session or a new host has not heard it. */
let again = false
/** Since when a tab between two pages is not told. */
let heldSince: number | undefined
let turns = 0
/** The popups that wait for what the agent says. */
const waiting = new Set<(status: Status | null) => void>()

const host = new Host(() => {
  host.send({ hello: { version: VERSION } })
  asked()
}, heard)

function heard(message: Heard): void {
  if (message.again) asked()
  if (message.status !== undefined) {
    for (const answer of waiting) answer(message.status)
    waiting.clear()
  }
}

function asked(): void {
  again = true
  pace.asked(performance.now())
  schedule()
}

function changed(): void {
  pace.changed(performance.now())
  schedule()
}

function schedule(): void {
  clearTimeout(timer)
  const due = pace.due()
  if (due !== undefined) timer = setTimeout(look, due - performance.now())
}

async function look(): Promise<void> {
  pace.looked(performance.now())
  const turn = ++turns
  const before = focused
  if (before === undefined) return
  const tab = await activeTab(before)
  // What came meanwhile has its own turn.
  if (turn !== turns || before !== focused) return
  if (betweenPages(shown, tab) && !overdue(tab)) {
    // What is shown is the page before, still.
    if (again && shown?.id === tab?.id) tell(told)
    return
  }
  heldSince = undefined
  shown = tab && !tab.incognito ? tab : undefined
  const now = JSON.stringify(toldOf(tab))
  if (now !== told || again) tell(now)
}

function tell(tab: string): void {
  if (host.send({ tab: JSON.parse(tab) })) {
    told = tab
    again = false
  }
}

/** A page whose title stays that of the one before is told after a while; about:blank never is, since another follows. */
function overdue(tab: Shown | undefined): boolean {
  const now = performance.now()
  if (heldSince === undefined) {
    heldSince = now
    setTimeout(changed, settled)
  }
  return tab?.url !== 'about:blank' && now - heldSince >= settled
}

async function activeTab(windowId: number): Promise<Shown | undefined> {
  try {
    if (windowId === none) {
      // Where a window was opened or raised by a program, Chromium on X11 says that it has the focus, and then, of the window
      // before, that none has. A private window that the extension may not see leaves none of those it may see with the focus.
      const last = await chrome.windows.getLastFocused()
      if (!last.focused || last.id === undefined) return undefined
      windowId = last.id
    }
    return (await chrome.tabs.query({ active: true, windowId }))[0]
  } catch {
    return undefined // the window is gone
  }
}

/** The browser ends an idle background and starts it anew at the next event: what had the focus then is remembered. */
async function start(): Promise<void> {
  const { window } = await chrome.storage.session.get('window')
  focused ??= typeof window === 'number' ? window : none
  changed()
}

/** A tab of a window changed: is it one that may be told? */
function changedIn(windowId: number): void {
  if (windowId === focused || focused === none) changed()
}

chrome.windows.onFocusChanged.addListener((window) => {
  focused = window
  void chrome.storage.session.set({ window })
  changed()
})
chrome.tabs.onActivated.addListener(({ windowId }) => changedIn(windowId))
chrome.tabs.onUpdated.addListener((_, __, tab) => {
  if (tab.active) changedIn(tab.windowId)
})
chrome.tabs.onReplaced.addListener(changed)
chrome.tabs.onAttached.addListener(changed)
chrome.runtime.onStartup.addListener(changed)
chrome.runtime.onInstalled.addListener(changed)
// Browsers wait with a new version until this one rests, which it never does.
chrome.runtime.onUpdateAvailable.addListener(() => chrome.runtime.reload())

chrome.runtime.onMessage.addListener((message, _, answer) => {
  if (message !== 'status') return
  host.open()
  if (!host.send({ ask: 'status' })) return answer(null)
  waiting.add(answer)
  setTimeout(() => waiting.delete(answer) && answer(null), patience)
  return true
})

host.open()
void start()
