import type { Same } from '../same'
import type en from '../en/people'

export default {
  title: 'Personen',
} satisfies Same<typeof en>
