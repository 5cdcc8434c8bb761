import type { Same } from '../same'
import type en from '../en/dashboard'

export default {
  title: 'Überblick',
} satisfies Same<typeof en>
