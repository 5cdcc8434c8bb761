import type { Same } from '../same'
import type en from '../en/audit'

export default {
  title: 'Prüfprotokoll',
} satisfies Same<typeof en>
