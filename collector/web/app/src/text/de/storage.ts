import type { Same } from '../same'
import type en from '../en/storage'

export default {
  title: 'Speicher',
} satisfies Same<typeof en>
