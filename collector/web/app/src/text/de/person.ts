import type { Same } from '../same'
import type en from '../en/person'

export default {
  title: 'Tag',
} satisfies Same<typeof en>
