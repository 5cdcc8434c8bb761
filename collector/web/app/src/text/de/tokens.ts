import type { Same } from '../same'
import type en from '../en/tokens'

export default {
  title: 'API-Token',
} satisfies Same<typeof en>
