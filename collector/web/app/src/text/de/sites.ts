import type { Same } from '../same'
import type en from '../en/sites'

export default {
  title: 'Websites',
  site: 'Website',
  rest: 'Zeit auf Seiten, deren Adresse nicht bekannt ist, steht beim Browser unter Anwendungen.',
  none: 'Keine Zeit auf Websites an diesen Tagen, soweit Sie sie sehen dürfen. Wo keine Adressen erfasst werden, steht die Zeit beim Browser unter Anwendungen.',
} satisfies Same<typeof en>
