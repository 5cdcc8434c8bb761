// The systems that installer links are for.

import type { InstallCommand } from '../../contract/gen/dayline/admin/v1/admin_pb'
import { sayWord } from '../../text/text'

export type System = 'windows' | 'macos' | 'linux'

/** systems by the contract's word, as their makers write them. */
export const systems: Record<System, string> = { windows: 'Windows', macos: 'macOS', linux: 'Linux' }

/** systemHere is the one that a browser says it runs on; Windows where it says none of them. */
export function systemHere(agent = navigator.userAgent): System {
  if (/Macintosh|Mac OS X/.test(agent)) return 'macos'
  return /Linux|X11/.test(agent) ? 'linux' : 'windows'
}

/** titleOf says what a command installs: "Debian, Ubuntu (.deb), Intel and AMD". */
export function titleOf(command: InstallCommand): string {
  return `${sayWord('links', `kind_${command.kind}`)}, ${sayWord('links', `arch_${command.arch}`)}`
}
