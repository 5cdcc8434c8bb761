// What the popup says. Pure.
import type { Status } from './message'

type Say = (name: string, value?: string) => string

/** Words are sentences, the first the most important; facts are names and values. */
export interface Lines {
  words: string[]
  facts: [name: string, value: string][]
}

const addresses: Record<string, string> = { host: 'addressesHost', path: 'addressesPath', full: 'addressesFull' }

/** What is shown of what the agent said, null where it said nothing. */
export function linesOf(status: Status | null, say: Say, moment: (time: string) => string): Lines {
  if (!status) return { words: [say('unconnected'), say('unconnectedHelp')], facts: [] }
  if (!status.running) return { words: [say('stopped'), status.problem || say('stoppedHelp')], facts: [] }
  const words = [say(!status.collect ? 'nothing' : status.paused ? 'paused' : status.scheduled ? 'scheduled' : 'collects')]
  for (const more of [status.reason, status.problem, status.notice]) if (more) words.push(more)
  words.push(say('bounds'))
  const facts: Lines['facts'] = []
  if (status.login) facts.push([say('login'), status.login])
  if (status.collect) {
    facts.push([say('titles'), say(status.titles ? 'yes' : 'no')])
    facts.push([say('addresses'), say(addresses[status.urls ?? ''] ?? 'no')])
  }
  if (status.settings_since) facts.push([say('settings'), say('since', moment(status.settings_since))])
  return { words, facts }
}
