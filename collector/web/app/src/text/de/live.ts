import type { Same } from '../same'
import type en from '../en/live'

export default {
  title: 'Jetzt',
  asOf: 'Stand {time}, alle 10 Sekunden neu.',
  looked: 'Dass Sie hier hinsehen, wird festgehalten, und wen Sie ansehen, der kann es nachlesen.',
  ownOnly: 'Sie sehen hier Ihre eigenen Sitzungen und keine anderen.',
  caption: 'Sitzungen, die laufen',
  person: 'Person',
  state: 'Zustand',
  since: 'Seit',
  doing: 'Im Vordergrund',
  device: 'Gerät',
  contact: 'Letzter Kontakt',
  today: 'Heute',
  active: 'aktiv',
  all: 'Alle',
  filter: 'Zustand',
  nobody: 'Gerade ist niemand in einer Sitzung, die erfasst wird.',
  nobodyOwn: 'Sie sind gerade in keiner Sitzung, die erfasst wird.',
  nobodyWhy: 'Hier steht, wer angemeldet ist und erfasst wird: im Zeitplan, nicht angehalten und in den letzten 24 Stunden gehört.',
  noneSo: 'Gerade ist niemand in diesem Zustand.',
  nothingToday: 'noch nichts',
} satisfies Same<typeof en>
