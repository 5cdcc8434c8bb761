import type { Same } from '../same'
import type en from '../en/setup'

export default {
  title: 'Dayline einrichten',
} satisfies Same<typeof en>
