import type { Same } from '../same'
import type en from '../en/groups-admin'

export default {
  title: 'Gruppen',
} satisfies Same<typeof en>
