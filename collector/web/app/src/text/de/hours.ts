import type { Same } from '../same'
import type en from '../en/hours'

export default {
  title: 'Arbeitszeiten',
  views: 'Darstellung',
  map: 'Karte',
  table: 'Tabelle',
  caption: 'Arbeitszeiten je Person und Tag',
  name: 'Name',
  find: 'Person suchen',
  legend: 'Was die Töne bedeuten',
  under: 'unter {n} Std.',
  over: '{n} Std. und mehr',
  absent: 'keine Zeit, mit dem Grund',
  hint: 'Zeigen Sie auf ein Feld, oder gehen Sie mit den Pfeiltasten von Feld zu Feld. Die Eingabetaste öffnet den Tag.',
  span: '{start} – {end}',
  nothing: 'Von diesen Tagen ist nichts bekannt. Sie liegen vor den ersten Daten oder kommen erst noch.',
  tooLong: 'Eine Karte zeigt bis zu {n} Tage. Wählen Sie weniger, oder sehen Sie die Tabelle an, die alle hat.',
  day: 'Tag',
  first: 'Erste Aktivität',
  last: 'Letzte Aktivität',
  classOf: '{status}, {state}',
  breaks: 'Pausen',
  breakTime: 'Zeit in Pausen',
  absence: 'Warum keine da ist',
} satisfies Same<typeof en>
