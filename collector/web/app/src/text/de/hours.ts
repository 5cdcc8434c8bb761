import type { Same } from '../same'
import type en from '../en/hours'

export default {
  title: 'Arbeitszeiten',
} satisfies Same<typeof en>
