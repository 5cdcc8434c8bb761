import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limitText, systemOf, whyOf } from './words'

test('what keeps a device from capturing is said in words, whole reasons included', () => {
  assert.equal(limitText('x11: application_only: no title'), 'x11: applications alone (no title)')
  assert.equal(limitText('firefox: none: it says: not now'), 'firefox: nothing (it says: not now)')
  assert.equal(limitText('chrome: title_only'), 'chrome: titles, no addresses')
  assert.equal(limitText('session: none: no helper'), 'session: nothing (no helper)')
  assert.equal(limitText('missing: location: say yes'), 'permission missing: location: say yes')
  assert.match(limitText('missing: Accessibility is not permitted: allow it'), /^permission missing: Accessibility\. .*System Settings/)
})

test('a word without an explanation has none, and an unknown system is called as it says', () => {
  assert.equal(whyOf('unheard'), '')
  assert.match(whyOf('replaces?'), /hardware/)
  assert.equal(systemOf('macos'), 'macOS')
  assert.equal(systemOf('plan9'), 'plan9')
})
