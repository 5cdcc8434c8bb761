import type { Same } from '../same'
import type en from '../en/live'

export default {
  title: 'Jetzt',
} satisfies Same<typeof en>
