import type { Same } from '../same'
import type en from '../en/apps'

export default {
  title: 'Anwendungen',
} satisfies Same<typeof en>
