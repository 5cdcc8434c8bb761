import type { Same } from '../same'
import type en from '../en/account'

export default {
  title: 'Kontoeinstellungen',
} satisfies Same<typeof en>
