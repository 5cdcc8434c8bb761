// What the popup says, in words and facts. Pure.
import type { Status } from './message'

type Say = (name: string, ...values: string[]) => string

/** Words are sentences, the first the most important; facts are names and values. */
export function linesOf(status: Status | null, say: Say, moment: (time: string) => string): { words: string[]; facts: [string, string][] } {
  if (!status) return { words: [say('unconnected'), say('unconnectedHelp')], facts: [] }
  if (!status.running) return { words: [say('stopped'), status.problem ?? say('stoppedHelp')], facts: [] }
  const words = [say(!status.collect ? 'nothing' : status.paused ? 'paused' : 'collects')]
  if (!status.collect && status.reason) words.push(status.reason)
  words.push(say('bounds'))
  const facts: [string, string][] = [[say('login'), status.login]]
  if (status.collect) {
    facts.push([say('titles'), say(status.titles ? 'yes' : 'no')])
    facts.push([say('addresses'), say({ host: 'addressesHost', path: 'addressesPath', full: 'addressesFull' }[status.urls ?? ''] ?? 'no')])
  }
  if (status.settings_since) facts.push([say('settings'), say('since', moment(status.settings_since))])
  return { words, facts }
}
