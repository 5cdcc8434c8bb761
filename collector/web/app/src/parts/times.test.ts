import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { TimesSchema } from '../contract/gen/dayline/admin/v1/admin_pb'
import { parts, partsOf, untold } from './times'

test('times are drawn by class, each with input first', () => {
  const times = create(TimesSchema, { productiveActive: 60, productivePassive: 5, unproductiveActive: 10, active: 70, passive: 5, total: 75 })
  assert.equal(untold(times), false)
  assert.deepEqual(
    parts(times).map(({ name, seconds }) => [name, seconds]),
    [['productive-active', 60], ['productive-passive', 5], ['undefined-active', 0], ['undefined-passive', 0], ['unproductive-active', 10], ['unproductive-passive', 0]],
  )
})

test('times of too few people are drawn without a class, and no time is not taken for that', () => {
  const few = create(TimesSchema, { active: 50, passive: 10, total: 60 })
  assert.equal(untold(few), true)
  assert.deepEqual(parts(few).map(({ name, status, seconds }) => [name, status, seconds]), [['untold-active', '', 50], ['untold-passive', '', 10]])
  assert.equal(untold(create(TimesSchema, {})), false)
  assert.deepEqual(parts(undefined), [])
})

test('what has one class has that class alone', () => {
  assert.deepEqual(partsOf('unproductive', 3, 1).map((part) => part.name), ['unproductive-active', 'unproductive-passive'])
})
