import type { Same } from '../same'
import type en from '../en/categories'

export default {
  title: 'Kategorien',
  caption: 'Kategorien',
  category: 'Kategorie',
  none: 'ohne Kategorie',
  classes: 'Einstufungen',
  total: 'Gesamt',
  share: 'Anteil',
  people: 'Personen',
  active: 'Mit Eingabe',
  passive: 'Ohne Eingabe',
  empty: 'Für diese Tage ist nichts zu zeigen.',
} satisfies Same<typeof en>
