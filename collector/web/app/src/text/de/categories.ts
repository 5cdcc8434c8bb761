import type { Same } from '../same'
import type en from '../en/categories'

export default {
  title: 'Kategorien',
} satisfies Same<typeof en>
