import type { Same } from '../same'
import type en from '../en/chart'

export default {
  table: 'Als Tabelle zeigen',
  kind: 'Diagramm',
  keys: 'Pfeiltasten gehen von Stelle zu Stelle.',
  keysPick: 'Pfeiltasten gehen von Stelle zu Stelle, die Eingabetaste öffnet eine.',
  failed: 'Die Zeichnung konnte nicht geladen werden. Die Zahlen stehen in der Tabelle.',
} satisfies Same<typeof en>
