import type { Same } from '../same'
import type en from '../en/states'

export default {
  productive: 'produktiv',
  unproductive: 'unproduktiv',
  undefined: 'nicht eingestuft',
  active: 'mit Eingabe',
  passive: 'ohne Eingabe',
  locked: 'gesperrt',
  total: 'Gesamt',
  off: 'Computer aus',
  paused: 'angehalten',
  outside_schedule: 'außerhalb des Zeitplans',
  silent: 'Agent stumm',
  no_permission: 'Berechtigung fehlt',
  lost: 'aufgezeichnet, aber vor dem Senden verloren',
  inactive: 'eine Sitzung ohne Eingabe',
  not_tracked: 'nicht erfasst',
  unknown: 'nicht bekannt',
  no_input: 'länger ohne Eingabe',
  gap: 'keine Daten',
} satisfies Same<typeof en>
