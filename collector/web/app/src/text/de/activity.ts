import type { Same } from '../same'
import type en from '../en/activity'

export default {
  title: 'Aktivitätsprotokoll',
} satisfies Same<typeof en>
