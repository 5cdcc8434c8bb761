import type { Same } from '../same'
import type en from '../en/format'

export default {
  seconds: '{n} s',
  minutes: '{n} min',
  hours: '{h} h {m} min',
} satisfies Same<typeof en>
