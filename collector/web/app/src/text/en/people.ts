export default {
  title: 'People',
  caption: 'People and what their days add up to',
  name: 'Name',
  classes: 'Classes',
  days: 'Days with time',
  first: 'First activity',
  last: 'Last activity',
  nobody: 'Nobody has counted time in these days.',
  missing: 'Without time in these days',
  nobodyMissing: 'Everybody of whom there is any data has counted time in these days.',
  missingWhy: { one: 'One person, with the reason as far as it is known.', other: '{n} people, with the reasons as far as they are known.' },
  reason: { one: '{reason} (1 day)', other: '{reason} ({n} days)' },
} as const
