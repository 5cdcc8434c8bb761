import type { Same } from '../same'
import type en from '../en/classification'

export default {
  title: 'Einstufung',
} satisfies Same<typeof en>
