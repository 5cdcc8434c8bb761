import type { Same } from '../same'
import type en from '../en/security'

export default {
  title: 'Anmeldung und Sicherheit',
} satisfies Same<typeof en>
