import type { Same } from '../same'
import type en from '../en/my-day'

export default {
  title: 'Mein Tag',
} satisfies Same<typeof en>
