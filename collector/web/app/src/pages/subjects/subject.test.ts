import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { RuleChangeSchema, RuleSchema } from '../../contract/gen/dayline/admin/v1/admin_pb'
import { changesOf, entriesOf, entryFor, kindOf, removalOf, undoOf, type Entry } from './subject'

const social: Entry = {
  subject: { kind: 'site', name: 'Social.net' }, status: 'unproductive', category: 'Fun',
  exceptions: [{ group: 'Marketing', status: 'productive', category: '' }, { group: 'Sales', status: '', category: 'Work' }],
}

test('exceptions stand under their rule, in order', () => {
  const rules = [
    { site: 'Social.net', status: 'unproductive', category: 'Fun' },
    { site: 'Social.net', group: 'Marketing', status: 'productive' },
    { site: 'Social.net', group: 'Sales', category: 'Work' },
    { app: 'code', group: 'Sales', status: 'undefined' },
  ].map((rule) => create(RuleSchema, rule))
  const entries = entriesOf(rules)
  assert.deepEqual(entries[0], social)
  assert.deepEqual(entries[1], { subject: { kind: 'app', name: 'code' }, status: '', category: '', exceptions: [{ group: 'Sales', status: 'undefined', category: '' }] })
  assert.equal(entryFor(entries, { kind: 'site', name: 'www.social.net' }), entries[0])
  assert.equal(entryFor(entries, { kind: 'app', name: 'CODE' }), entries[1])
  assert.equal(entryFor(entries, { kind: 'app', name: 'social.net' }), undefined)
})

test('a rule that says the same needs no change', () => {
  assert.deepEqual(changesOf(social, structuredClone(social)), [])
})

test('a new rule and a changed one name what they say, and take away what they do not', () => {
  const fresh: Entry = { subject: { kind: 'app', name: 'code' }, status: 'productive', category: '', exceptions: [] }
  assert.deepEqual(changesOf(undefined, fresh), [{ app: 'code', group: '', status: 'productive', category: '-' }])
  assert.deepEqual(changesOf(social, { ...social, status: '' }), [{ site: 'Social.net', group: '', status: '-', category: 'Fun' }])
})

test('where exceptions differ or change places all are named in their order, those that go last', () => {
  const [marketing, sales] = social.exceptions as [Entry['exceptions'][0], Entry['exceptions'][0]]
  const groups = (after: Entry['exceptions']) => changesOf(social, { ...social, exceptions: after }).map(({ group, status }) => [group, status])
  assert.deepEqual(groups([sales, marketing]), [['Sales', '-'], ['Marketing', 'productive']])
  assert.deepEqual(groups([sales]), [['Sales', '-'], ['Marketing', '-']])
  assert.deepEqual(groups([marketing, { ...sales, status: 'undefined' }]), [['Marketing', 'productive'], ['Sales', 'undefined']])
  assert.equal(removalOf(social).length, 3)
})

test('undoing says what was said before', () => {
  const changes = [
    create(RuleChangeSchema, { rule: { site: 'x.org', status: 'productive' } }),
    create(RuleChangeSchema, { rule: { app: 'code', group: 'Sales' }, oldStatus: 'undefined', oldCategory: 'Work' }),
  ]
  assert.deepEqual(undoOf(changes), [
    { site: 'x.org', group: '', status: '-', category: '-' },
    { app: 'code', group: 'Sales', status: 'undefined', category: 'Work' },
  ])
})

test('what somebody types is taken for what it looks like', () => {
  const guesses = {
    'code.exe': 'app', code: 'app', 'Visual Studio Code': 'app', 'com.apple.Safari': 'app', 'org.gnome.Nautilus': 'app',
    'example.com': 'site', ' Mail.Example.co.uk ': 'site', 'https://example.com/': 'site', 'münchen.de': 'site',
    'https://youtube.com/@us': 'url', 'youtube.com/@us': 'url',
  }
  for (const [text, kind] of Object.entries(guesses)) assert.equal(kindOf(text), kind, text)
})
