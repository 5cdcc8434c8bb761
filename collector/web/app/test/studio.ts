// The studio that test/web (Go) has started: who may sign in there, a browser, and the contract asked directly.

import { createClient, type Client } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-web'
import assert from 'node:assert/strict'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { AdminService } from '../src/contract/gen/dayline/admin/v1/admin_pb'

export const roles = ['admin', 'configurator', 'manager', 'viewer', 'person'] as const
export type Role = (typeof roles)[number]

interface Studio {
  /** The pages' address, http://localhost:PORT. */
  web: string
  password: string
  users: Record<Role, string>
  /** The folder of the four files. */
  config: string
  chromium: string
}

const told = process.env.DAYLINE_STUDIO
if (!told) throw new Error('DAYLINE_STUDIO is not set: these tests are run by `go test ./test/web`, which starts a collector for them')
export const studio = JSON.parse(told) as Studio

/** A browser for the tests of one file; the caller closes it. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: studio.chromium, args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb'] })
}

const tokens = new Map<string, Promise<string>>()

function token(email: string): Promise<string> {
  let found = tokens.get(email)
  if (!found) tokens.set(email, (found = contract().signIn({ email, password: studio.password }).then((answer) => answer.token)))
  return found
}

export type Contract = Client<typeof AdminService>

/** contract is the AdminService, asked as a program would with a role's token; as nobody where none is given. */
export function contract(role?: Role): Contract {
  return createClient(
    AdminService,
    createConnectTransport({
      baseUrl: studio.web,
      useBinaryFormat: true,
      interceptors: [
        (next) => async (request) => {
          if (role) request.header.set('Authorization', `Bearer ${await token(studio.users[role])}`)
          return next(request)
        },
      ],
    }),
  )
}

/** contact has every computer that is in use heard of again: what goes on there has gone on. */
export async function contact() {
  const answer = await fetch(process.env.DAYLINE_CONTACT!, { method: 'POST' })
  assert.equal(answer.status, 200, await answer.text())
}

/** What a page must never do, collected while it is open. */
export class Watched {
  readonly faults: string[] = []

  constructor(readonly page: Page) {
    page.on('pageerror', (error) => this.faults.push(`error: ${error.message}`))
    page.on('console', (message) => {
      // What the collector refuses is shown on the page; the browser writes it down too.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) this.faults.push(`console: ${message.text()}`)
    })
    page.on('request', (request) => {
      const url = request.url()
      if (!url.startsWith(studio.web) && !url.startsWith('data:') && !url.startsWith('blob:')) this.faults.push(`asked elsewhere: ${url}`)
    })
  }

  /** open goes to an address and waits until nothing is on its way any more. */
  async open(address: string) {
    await this.page.goto(studio.web + address)
    await this.settled()
  }

  /** settled waits until what was asked for is there. */
  async settled() {
    await this.page.locator('h1').first().waitFor()
    await this.page.waitForFunction(() => !document.querySelector('[aria-busy="true"], .waiting'))
  }
}

/** signedIn gives a browser's context in which a role has signed in, as the sign-in page does it. */
export async function signedIn(browser: Browser, role: Role, options: Parameters<Browser['newContext']>[0] = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', ...options })
  const answer = await context.request.post(`${studio.web}/dayline.admin.v1.AdminService/SignIn`, {
    data: { email: studio.users[role], password: studio.password, cookie: true },
  })
  assert.equal(answer.status(), 200, await answer.text())
  return context
}

/** watched opens a page in a context. */
export async function watched(context: BrowserContext): Promise<Watched> {
  return new Watched(await context.newPage())
}
