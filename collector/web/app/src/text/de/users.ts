import type { Same } from '../same'
import type en from '../en/users'

export default {
  title: 'Benutzer und Rollen',
} satisfies Same<typeof en>
