import type { Same } from '../same'
import type en from '../en/sign-in'

export default {
  title: 'Anmelden',
} satisfies Same<typeof en>
