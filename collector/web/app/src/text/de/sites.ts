import type { Same } from '../same'
import type en from '../en/sites'

export default {
  title: 'Websites',
} satisfies Same<typeof en>
