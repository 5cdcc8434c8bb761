import type { Device } from '../../contract/gen/dayline/admin/v1/admin_pb'

/** Reach is how far the extension has come among the devices that have a browser. */
export interface Reach {
  /** The browser's executable. */
  app: string
  /** The devices on which it was in front, and those of them whose extension speaks. */
  devices: number
  speaking: number
  /** The versions that speak, each with its devices, the most frequent first. */
  versions: { version: string; devices: number }[]
  /** Seconds that it was in front, and those of them with an address. */
  front: number
  address: number
}

/** reachOf sums up, by browser, the devices that are not revoked. */
export function reachOf(devices: Device[]): Reach[] {
  const all = new Map<string, Reach>()
  for (const { app, extensionVersion, frontSeconds, addressSeconds } of devices.filter((device) => !device.revoked).flatMap((device) => device.browsers)) {
    const reach = all.get(app) ?? { app, devices: 0, speaking: 0, versions: [], front: 0, address: 0 }
    all.set(app, reach)
    reach.devices++
    reach.front += frontSeconds
    reach.address += addressSeconds
    if (!extensionVersion) continue
    reach.speaking++
    const version = reach.versions.find((one) => one.version === extensionVersion)
    if (version) version.devices++
    else reach.versions.push({ version: extensionVersion, devices: 1 })
  }
  for (const reach of all.values()) reach.versions.sort((a, b) => b.devices - a.devices || b.version.localeCompare(a.version, 'en', { numeric: true }))
  return [...all.values()].sort((a, b) => b.devices - a.devices || a.app.localeCompare(b.app))
}
