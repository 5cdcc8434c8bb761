// What settings mean for the person they are about.

import type { PersonSetting } from '../../contract/gen/dayline/admin/v1/admin_pb'
import { length } from '../../format/amount'
import { addDays, weekday } from '../../format/clock'
import { say, sayWord } from '../../text/text'

/** Meaning is one thing that is collected or not, and the setting that decides it. */
export interface Meaning {
  words: string
  source: string
}

/** meaningsOf says in plain words what the settings of one login on one device come to. */
export function meaningsOf(settings: PersonSetting[]): Meaning[] {
  const by = new Map(settings.map((setting) => [setting.key, setting]))
  const value = (key: string) => by.get(key)?.value ?? ''
  const means = (key: string, words: string): Meaning[] => (by.has(key) ? [{ words, source: by.get(key)!.source }] : [])
  if (value('tracked') === 'false') return means('tracked', say('myDay.untracked'))
  // No browser's window says by itself that it is not private: where that counts as private, none is asked.
  const unsaid = value('browsers.unknown_private') === 'blank'
  const asked = !unsaid && value('browsers.accessibility') === 'true'
  const patterns = listOf(value('privacy.redact')).length
  return [
    ...means('tracked', say('myDay.tracked')),
    ...means('privacy.titles', say(value('privacy.titles') === 'true' ? 'myDay.titles' : 'myDay.noTitles')),
    ...means('privacy.urls', sayWord('myDay', `urls_${value('privacy.urls')}`)),
    ...(patterns ? means('privacy.redact', say('myDay.redact', { n: patterns })) : []),
    ...means('browsers.unknown_private', sayWord('myDay', `private_${value('browsers.unknown_private')}`)),
    ...(value('privacy.urls') === 'none'
      ? []
      : means(unsaid ? 'browsers.unknown_private' : 'browsers.accessibility', say(asked ? 'myDay.addressesRead' : 'myDay.addressesUnread'))),
    ...means('schedule', hoursText(settings, value('schedule'))),
    ...means('passive.start', say('myDay.passiveStart', { length: lengthText(value('passive.start')) })),
    ...means('passive.stop', passiveText(value('passive.stop'))),
    ...means('privacy.pause', say(value('privacy.pause') === 'true' ? 'myDay.pause' : 'myDay.noPause')),
  ]
}

function passiveText(stop: string): string {
  if (stop === 'indefinitely') return say('myDay.passiveEndless')
  return secondsOf(stop) === 0 ? say('myDay.passiveNever') : say('myDay.passiveStop', { length: lengthText(stop) })
}

function hoursText(settings: PersonSetting[], use: string): string {
  if (use === 'always') return say('myDay.always')
  const days = settings
    .filter(({ key }) => key.startsWith('schedules'))
    .map(({ key, value }) => ({ day: key.slice(key.lastIndexOf('.') + 1), hours: value.match(/\d\d:\d\d-\d\d:\d\d/g) ?? [] }))
    .filter(({ hours }) => hours.length)
    .map(({ day, hours }) => `${weekdayText(day)} ${hours.map((span) => span.replace('-', '–')).join(', ')}`)
  return days.length ? say('myDay.within', { hours: days.join('; ') }) : say('myDay.outside')
}

/** weekdayText writes a day of the week as the files have it: "mon". */
function weekdayText(day: string): string {
  const at = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].indexOf(day)
  return at < 0 ? day : weekday(addDays('2024-01-01', at)) // which was a Monday
}

/** listOf reads a list of the files: "[a, b]". */
function listOf(value: string): string[] {
  const inside = value.replace(/^\[|\]$/g, '').trim()
  return inside ? inside.split(/,\s*(?=(?:[^']*'[^']*')*[^']*$)/) : []
}

/** secondsOf reads a length of the files: "90s", "1h30m". */
export function secondsOf(text: string): number {
  const units: Record<string, number> = { h: 3600, m: 60, s: 1 }
  return [...text.matchAll(/(\d+(?:\.\d+)?)([hms])/g)].reduce((sum, [, n, unit]) => sum + Number(n) * units[unit!]!, 0)
}

const lengthText = (text: string) => length(secondsOf(text))

/** sourceText says where a value comes from: "account.yaml:12 (overrides[0])" in words. */
export function sourceText(source: string): string {
  const line = /^([\w-]+\.yaml):(\d+)(?: \((.*)\))?$/.exec(source)
  if (!line) return source === 'default' ? say('myDay.default') : source
  const [, file = '', n = '', place] = line
  return place ? say('myDay.linePlace', { file, n, place }) : say('myDay.line', { file, n })
}
