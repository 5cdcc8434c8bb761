import type { Same } from '../same'
import type en from '../en/install'

export default {
  title: 'Dayline installieren',
  intro: 'Auf einem eigenen Computer. Was er dann aufzeichnet, sehen Sie unter „Mein Tag“, und andere so weit, wie sie Ihre Gruppe sehen dürfen.',
  stepMake: 'Wählen Sie das System, und legen Sie einen Link an.',
  stepOpen: 'Öffnen Sie den Link auf diesem Computer: Seine Seite hat das Installationsprogramm, und einen Befehl, der dasselbe tut.',
  stepRun: 'Führen Sie eines von beiden als Administrator dieses Computers aus. Einzugeben ist nichts; eine Minute später wird der Computer erfasst.',
  computers: 'Computer, die damit hinzukommen dürfen',
  yours: 'Ihre Links',
} satisfies Same<typeof en>
