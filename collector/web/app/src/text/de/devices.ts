import type { Same } from '../same'
import type en from '../en/devices'

export default {
  title: 'Geräte',
} satisfies Same<typeof en>
