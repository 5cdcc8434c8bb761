import type { Same } from '../same'
import type en from '../en/do-not-track'

export default {
  title: 'Nicht erfassen',
  intro: 'Anmeldungen, von denen nichts erfasst wird. Verbundene Agenten erfahren es binnen einer Minute.',
  stays: 'Was vorher erfasst wurde, bleibt. Auch das zu löschen ist ein eigener Schritt, auf der Seite der Person.',
  login: 'Anmeldung',
  loginWhy: 'DOMÄNE\\Name, oder ein Name allein für diesen Namen in jeder Domäne.',
  means: 'Von {user} in {domain} wird nichts erfasst.',
  meansAnywhere: 'Von {user} wird nichts erfasst, in keiner Domäne und auf keinem Computer.',
  meansDomain: 'Von niemandem in {domain} wird etwas erfasst.',
  everybody: 'Von überhaupt niemandem wird etwas erfasst.',
  everybodyTitle: 'Gar nichts erfassen?',
  everybodyAsk: 'Das meint jede Anmeldung, die es gibt. Kein Computer zeichnet etwas auf, bis der Eintrag wieder entfernt ist.',
  add: 'Nichts erfassen',
  known: 'Damit bisher gemeint',
  knownNone: 'noch keine gesehen',
  none: 'Alle werden erfasst: Die Liste ist leer.',
  remove: 'Wieder erfassen',
  removeOf: '{login} wieder erfassen',
  removeAsk: 'Von nun an wird wieder erfasst, was {login} tut.',
} satisfies Same<typeof en>
