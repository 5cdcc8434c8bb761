// The page's sections in their order, with the keys that are shown one after the other; other parts of a section have a
// component of their own. What has no engine yet (updates) is in none.
export const sections: { id: string; keys: string[] }[] = [
  { id: 'links', keys: ['installers.link_expiry', 'installers.max_devices', 'installers.max_per_minute', 'installers.non_admins'] },
  { id: 'passive', keys: ['passive.start', 'passive.stop'] },
  { id: 'active', keys: ['active.limit'] },
  { id: 'input', keys: ['settle', 'always_active'] },
  { id: 'live', keys: ['reports.exclude_today'] },
  { id: 'days', keys: ['reports.time_zone', 'reports.week_start', 'reports.clock'] },
  { id: 'landing', keys: ['reports.landing_page'] },
  { id: 'storage', keys: ['storage.limit', 'retention.days'] },
  { id: 'privacy', keys: ['privacy.titles', 'privacy.urls', 'browsers.unknown_private', 'privacy.pause', 'privacy.min_people'] },
  { id: 'schedules', keys: [] },
  { id: 'overrides', keys: [] },
  { id: 'agents', keys: ['agents.sync_every', 'agents.buffer.size', 'agents.buffer.days'] },
]
