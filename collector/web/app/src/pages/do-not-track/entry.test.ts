import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Person } from '../../contract/gen/dayline/admin/v1/admin_pb'
import { entryOf, loginOf, meant } from './entry'

test('what is typed is an entry or none', () => {
  assert.deepEqual(entryOf(' CORP\\ana '), { user: 'ana', domain: 'CORP' })
  assert.deepEqual(entryOf('Administrator'), { user: 'Administrator', domain: '*' })
  assert.deepEqual(entryOf('CORP\\*'), { user: '*', domain: 'CORP' })
  for (const unfinished of ['', ' ', 'CORP\\', '\\ana', 'a\\b\\c']) assert.equal(entryOf(unfinished), undefined, unfinished)
  assert.equal(loginOf(entryOf('*\\root')!), '*\\root')
})

test('an entry means logins without regard to case', () => {
  const people = [{ id: 'p-1', logins: ['CORP\\ana', 'DESK-1\\ana'] }, { id: 'p-2', logins: ['CORP\\bob'] }] as Person[]
  const of = (typed: string) => meant(people, entryOf(typed)!).map((person) => person.id)
  assert.deepEqual(of('corp\\ANA'), ['p-1'])
  assert.deepEqual(of('ana'), ['p-1'])
  assert.deepEqual(of('CORP\\*'), ['p-1', 'p-2'])
  assert.deepEqual(of('CORP\\an'), [])
})
