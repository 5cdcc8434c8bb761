import { say } from '../../text/text'

/** actorText says who acted: a user by its address, others in words; named gives what an id is called. */
export function actorText(actor: string, named: (id: string) => string = (id) => id): string {
  const device = /^device (d-[0-9a-f]+)$/.exec(actor)
  if (device) return say('audit.device', { name: named(device[1]!) })
  if (actor === 'collector') return say('audit.nobody')
  if (actor === 'file') return say('audit.file')
  return actor.replace('administrator (local)', say('audit.local'))
}
