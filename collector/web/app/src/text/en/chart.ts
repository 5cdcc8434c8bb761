export default {
  table: 'Show as a table',
  kind: 'chart',
  keys: 'Arrow keys go from place to place.',
  keysPick: 'Arrow keys go from place to place, Enter opens one.',
  failed: 'The drawing could not be loaded. The numbers are in the table.',
} as const
