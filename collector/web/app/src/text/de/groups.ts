import type { Same } from '../same'
import type en from '../en/groups'

export default {
  title: 'Gruppen im Vergleich',
} satisfies Same<typeof en>
