import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { RuleChangeSchema } from '../../contract/gen/dayline/admin/v1/admin_pb'
import { kindOfChange, linesOf } from './preview'

test('what was silent joins, what falls silent goes, all else is changed', () => {
  const kind = (status: string, oldStatus: string, oldCategory = '') =>
    kindOfChange(create(RuleChangeSchema, { rule: { site: 'x.org', status }, oldStatus, oldCategory }))
  assert.equal(kind('productive', ''), 'isAdded')
  assert.equal(kind('', 'productive'), 'isRemoved')
  assert.equal(kind('', '', 'Mail'), 'isRemoved')
  assert.equal(kind('productive', 'undefined'), 'isChanged')
  assert.equal(kind('productive', '', 'Mail'), 'isChanged')
})

test('what is wrong with a file is a list of its lines', () => {
  assert.deepEqual(linesOf('line 3, site: "a; line b" is not a host; line 4: says neither; and 7 more'), [
    'line 3, site: "a; line b" is not a host', 'line 4: says neither', 'and 7 more',
  ])
  assert.deepEqual(linesOf('the file is empty'), ['the file is empty'])
})
