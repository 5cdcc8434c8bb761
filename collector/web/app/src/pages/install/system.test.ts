import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemHere } from './system'

test('a browser says which system it is on, and one that does not is taken for Windows', () => {
  for (const [agent, system] of [
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36', 'windows'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15', 'macos'],
    ['Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'linux'],
    ['', 'windows'],
  ] as const) assert.equal(systemHere(agent), system, agent)
})
