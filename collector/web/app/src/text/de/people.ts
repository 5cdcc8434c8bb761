import type { Same } from '../same'
import type en from '../en/people'

export default {
  title: 'Personen',
  caption: 'Personen und was ihre Tage zusammen ergeben',
  name: 'Name',
  classes: 'Einstufung',
  days: 'Tage mit Zeit',
  first: 'Erste Aktivität',
  last: 'Letzte Aktivität',
  nobody: 'Niemand hat in diesen Tagen gezählte Zeit.',
  missing: 'Ohne Zeit in diesen Tagen',
  nobodyMissing: 'Von allen, von denen es überhaupt Daten gibt, ist in diesen Tagen Zeit gezählt.',
  missingWhy: { one: 'Eine Person, mit dem Grund, soweit er bekannt ist.', other: '{n} Personen, mit den Gründen, soweit sie bekannt sind.' },
  reason: { one: '{reason} (1 Tag)', other: '{reason} ({n} Tage)' },
} satisfies Same<typeof en>
