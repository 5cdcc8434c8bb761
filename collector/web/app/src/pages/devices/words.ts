// What the contract says of a device, as people read it.

import type { Device, DeviceBrowser, DeviceUpdate } from '../../contract/gen/dayline/admin/v1/admin_pb'
import { length, share } from '../../format/amount'
import { ago } from '../../format/clock'
import { say, sayWord } from '../../text/text'

/** nameOf a device is what it is called here: its alias, else its own name. */
export function nameOf(device: Device): string {
  return device.alias || device.name || device.id
}

const systems: Record<string, string> = { windows: 'Windows', macos: 'macOS', darwin: 'macOS', linux: 'Linux' }

/** systemOf an operating system is how its makers write it. */
export function systemOf(os: string): string {
  return systems[os] ?? os
}

/** notesOf are the words that are worth knowing of a device: those of its state come first. */
export function notesOf(device: Device): string[] {
  return [...(device.silent ? ['silent'] : []), ...(device.update?.at ? ['notUpdated'] : []), ...device.flags]
}

/** aimOf is the version that a device is to become, or last failed to; empty where there is none. */
export function aimOf(device: Device): string {
  return device.update?.version ?? ''
}

/** stateOf is the word for how it does. */
export function stateOf(device: Device): string {
  return device.revoked ? 'revoked' : device.state
}

/** whyOf explains such a word; empty where there is no more to say. */
export function whyOf(word: string): string {
  const why = sayWord('devices', word + 'Why')
  return why === word + 'Why' ? '' : why
}

/**
 * limitText writes "desktop: application_only: no title" or "missing: Accessibility is not permitted: allow it" in words. Of a
 * permission known here, which the first word names, it says in the reader's language what the agent says in its own.
 */
export function limitText(limit: string): string {
  const [subject = '', level = '', ...rest] = limit.split(': ')
  if (subject === 'missing') {
    const permission = 'missing_' + level.split(' ', 1)[0]!.toLowerCase()
    const known = sayWord('devices', permission)
    return known === permission ? say('devices.missing', { what: [level, ...rest].join(': ') }) : known
  }
  return levelText(subject === 'session' ? say('devices.session') : subject, level, rest.join(': '))
}

/** levelText says how much is captured of what, and why. */
export function levelText(what: string, level: string, why: string): string {
  const shown = sayWord('devices', level === 'none' ? 'nothing' : level)
  return why ? say('devices.limitWhy', { what, level: shown, why }) : say('devices.limit', { what, level: shown })
}

/** extensionText says what extension speaks in a browser, and when it was heard. */
export function extensionText({ extensionVersion: version, lastReport }: DeviceBrowser): string {
  const when = ago(lastReport)
  if (version) return when ? say('devices.extensionHeard', { version, when }) : say('devices.extension', { version })
  return when ? say('devices.noExtensionSince', { when }) : say('devices.noExtension')
}

/** addressText says how much of a browser's time has an address. All of it is told only where it is all. */
export function addressText({ addressShare, frontSeconds }: DeviceBrowser): string {
  return say('devices.addressShare', { share: share(Math.floor(addressShare * 100) / 100), length: length(frontSeconds) })
}

/** stepText is a step of an update in words. */
export function stepText(step: string): string {
  return sayWord('devices', `step_${step}`).replace(/^step_/, '')
}

/** failureText says at which step an update failed, why, and what became of it. */
export function failureText({ step, reason, rolledBack }: DeviceUpdate): string {
  const what = [stepText(step), reason].filter(Boolean).join(': ')
  return rolledBack ? say('devices.wentBack', { what }) : what
}
