import type { Heard, Said } from './message'

const name = 'org.dayline.host'

/** Without the agent it is looked for again after so long, twice as long each time, in milliseconds. */
const soonest = 1_000
const latest = 60_000

/** Host keeps one connection with the agent, the browser's native messaging host. */
export class Host {
  private port: chrome.runtime.Port | undefined
  private answered = false
  private wait = soonest
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly opened: () => void,
    private readonly heard: (message: Heard) => void,
  ) {}

  /** Sends where there is a connection. One that had answered before is opened anew at once, any other by its timer. */
  send(message: Said): boolean {
    if (!this.port && this.answered) this.open()
    if (!this.port) return false
    this.port.postMessage(message)
    return true
  }

  open(): void {
    clearTimeout(this.timer)
    if (this.port) return
    this.answered = false
    const port = chrome.runtime.connectNative(name)
    this.port = port
    port.onMessage.addListener((message: Heard) => {
      this.answered = true
      this.wait = soonest
      this.heard(message)
    })
    port.onDisconnect.addListener(() => {
      void chrome.runtime.lastError // looked at, or Chromium writes it into its log
      this.port = undefined
      this.timer = setTimeout(() => this.open(), this.wait)
      this.wait = Math.min(this.wait * 2, latest)
    })
    this.opened()
  }
}
