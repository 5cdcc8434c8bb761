import type { Same } from '../same'
import type en from '../en/people-admin'

export default {
  title: 'Personen',
} satisfies Same<typeof en>
