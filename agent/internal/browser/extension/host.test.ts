import assert from 'node:assert/strict'
import { beforeEach, mock, test } from 'node:test'
import { Host } from './host'
import type { Heard, Said } from './message'

/** A browser's end of a connection with the agent, or of one without it. */
class Connection {
  sent: Said[] = []
  private hear: (message: Heard) => void = () => {}
  private end: () => void = () => {}
  onMessage = { addListener: (hear: (message: Heard) => void) => (this.hear = hear) }
  onDisconnect = { addListener: (end: () => void) => (this.end = end) }
  postMessage(message: Said) {
    this.sent.push(message)
  }
  answer() {
    this.hear({ ack: { session: true } })
  }
  gone() {
    this.end()
  }
}

let connections: Connection[] = []
const last = () => connections.at(-1)!
const question: Said = { ask: 'status' }

beforeEach(() => {
  connections = []
  mock.timers.reset()
  mock.timers.enable({ apis: ['setTimeout'] })
  const connectNative = (name: string) => {
    assert.equal(name, 'org.dayline.host')
    connections.push(new Connection())
    return last()
  }
  Object.assign(globalThis, { chrome: { runtime: { connectNative } } })
})

test('without the agent it is looked for ever more seldom, whatever happens', () => {
  const host = new Host(() => {}, () => {})
  host.open()
  const waits: number[] = []
  for (let wait = 0; waits.length < 9; ) {
    last().gone()
    const before = connections.length
    for (wait = 0; connections.length === before; wait++) {
      assert.equal(host.send(question), false)
      mock.timers.tick(1000)
    }
    waits.push(wait)
  }
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60])
})

test('a host that had answered and is gone is started by the next event', () => {
  let opened = 0
  const host = new Host(() => opened++, () => {})
  host.open()
  last().answer()
  last().gone()
  assert.ok(host.send(question))
  assert.deepEqual([connections.length, opened, last().sent], [2, 2, [question]])
  mock.timers.tick(120_000)
  assert.equal(connections.length, 2)
})

test('a host that had answered and is gone is started after a second at the latest', () => {
  const host = new Host(() => {}, () => {})
  host.open()
  for (let i = 1; i < 5; i++) {
    last().answer()
    last().gone()
    mock.timers.tick(1000)
    assert.equal(connections.length, i + 1)
  }
})

test('whoever opens the popup does not wait', () => {
  const host = new Host(() => {}, () => {})
  host.open()
  last().gone()
  host.open()
  host.open()
  assert.equal(connections.length, 2)
})
