import type { Same } from '../same'
import type en from '../en/setup'

export default {
  title: 'Dayline einrichten',
  welcome: 'Sie werden der erste Administrator dieses Collectors. Andere kommen danach dazu.',
  email: 'Ihre E-Mail-Adresse',
  password: 'Ein Passwort',
  passwordRule: 'Mindestens 12 Zeichen. Mehrere Wörter merken sich leichter als Sonderzeichen.',
  repeat: 'Das Passwort noch einmal',
  different: 'Die beiden Passwörter sind nicht gleich.',
  create: 'Administrator werden',
  noCode: 'Diese Adresse ist unvollständig',
  noCodeWhy: 'Öffnen Sie den ganzen Link, den der Collector beim Start gezeigt hat. Er endet mit einem langen Code.',
  done: 'Es gibt schon einen Administrator',
  doneWhy: 'Der Link wurde benutzt, oder ein Administrator wurde anders eingetragen. Melden Sie sich an.',
} as const satisfies Same<typeof en>
