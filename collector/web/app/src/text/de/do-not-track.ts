import type { Same } from '../same'
import type en from '../en/do-not-track'

export default {
  title: 'Nicht erfassen',
} satisfies Same<typeof en>
