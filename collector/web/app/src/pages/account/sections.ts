/** A section of the page. */
export interface Section {
  id: string
  /** Keys shown one after the other. */
  keys: string[]
  /** Keys that a component of their own shows. */
  own?: string[]
}

export const sections: Section[] = [
  { id: 'links', keys: ['installers.link_expiry', 'installers.max_devices', 'installers.max_per_minute', 'installers.non_admins'] },
  { id: 'passive', keys: ['passive.start', 'passive.stop'] },
  { id: 'active', keys: ['active.limit'] },
  { id: 'input', keys: ['settle', 'always_active'] },
  { id: 'live', keys: ['reports.exclude_today'] },
  { id: 'days', keys: ['reports.time_zone', 'reports.week_start', 'reports.clock'] },
  { id: 'landing', keys: ['reports.landing_page'] },
  { id: 'storage', keys: ['storage.limit', 'retention.days'] },
  { id: 'privacy', keys: ['privacy.titles', 'privacy.urls', 'browsers.unknown_private', 'browsers.accessibility', 'privacy.pause', 'privacy.min_people'], own: ['privacy.redact', 'notice'] },
  { id: 'schedules', keys: [], own: ['schedules', 'schedule'] },
  { id: 'overrides', keys: [], own: ['overrides'] },
  { id: 'updates', keys: ['updates.windows', 'updates.macos', 'updates.linux'], own: ['updates.rollout'] },
  { id: 'agents', keys: ['agents.sync_every', 'agents.buffer.size', 'agents.buffer.days'] },
]

/** sectionOf is where a key is shown. */
export function sectionOf(key: string): string {
  return sections.find((section) => section.keys.includes(key) || section.own?.includes(key))?.id ?? ''
}
