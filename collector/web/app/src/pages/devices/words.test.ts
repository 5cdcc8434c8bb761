import { create } from '@bufbuild/protobuf'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeviceBrowserSchema, DeviceSchema, DeviceUpdateSchema } from '../../contract/gen/dayline/admin/v1/admin_pb'
import { addressText, aimOf, extensionText, failureText, limitText, notesOf, stepText, systemOf, whyOf } from './words'

Object.assign(globalThis, { localStorage: { getItem: () => 'en' }, navigator: { languages: [] } })

test('what keeps a device from capturing is said in words, whole reasons included', () => {
  assert.equal(limitText('desktop: application_only: no title'), 'desktop: applications alone (no title)')
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

test('a browser says which extension speaks, when it was heard, and what part of its time has an address', () => {
  const browser = (of: object) => create(DeviceBrowserSchema, of)
  const lastReport = new Date(Date.now() - 5.5 * 60_000).toISOString()
  assert.equal(extensionText(browser({ extensionVersion: '1.2.0', lastReport })), 'extension 1.2.0, heard 5 minutes ago')
  assert.equal(extensionText(browser({ extensionVersion: '1.2.0' })), 'extension 1.2.0')
  assert.equal(extensionText(browser({ lastReport })), 'no extension speaks; the last was heard 5 minutes ago')
  assert.equal(extensionText(browser({})), 'no extension speaks')
  assert.equal(addressText(browser({ addressShare: 0.997, frontSeconds: 7200 })), 'an address for 99% of 2 h 00 min in front')
  assert.equal(addressText(browser({ addressShare: 1, frontSeconds: 40 })), 'an address for 100% of 40 s in front')
})

test('an update says how far it is, and a failed one where, why and what became of it', () => {
  const update = { version: '1.4.0', step: 'probation', reason: 'it did not report healthy', rolledBack: true }
  assert.equal(failureText(create(DeviceUpdateSchema, update)), 'On probation: it did not report healthy. The version before runs again.')
  assert.equal(failureText(create(DeviceUpdateSchema, { step: 'fetch' })), 'Downloading')
  assert.equal(stepText('dance'), 'dance')
  const failed = create(DeviceSchema, { silent: true, flags: ['clock'], update: { ...update, at: '2026-11-23T10:00:00Z' } })
  assert.deepEqual(notesOf(failed), ['silent', 'notUpdated', 'clock'])
  assert.deepEqual(notesOf(create(DeviceSchema, { update })), [])
  assert.deepEqual([aimOf(failed), aimOf(create(DeviceSchema))], ['1.4.0', ''])
})
