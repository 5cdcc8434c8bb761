import type { Same } from '../same'
import type en from '../en/groups'

export default {
  title: 'Gruppen im Vergleich',
  about: 'Ein längerer Balken heißt mehr Zeit je Person. Wer in mehreren Gruppen ist, zählt in jeder.',
  caption: 'Gruppen',
  group: 'Gruppe',
  classes: 'Einstufungen',
  mean: 'Mittel je Person',
  people: 'Personen mit Zeit',
  total: 'Gesamt',
  active: 'Mit Eingabe',
  passive: 'Ohne Eingabe',
  empty: 'In diesen Tagen hat keine Gruppe Daten.',
  emptyWhy: 'Gruppen werden unter „Gruppen“ eingerichtet; sie stehen hier, sobald jemand aus ihnen Zeit hat.',
  openGroups: 'Gruppen einrichten',
} satisfies Same<typeof en>
