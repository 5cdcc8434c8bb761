import { create, type MessageInitShape } from '@bufbuild/protobuf'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UpdateAimSchema } from '../../contract/gen/dayline/admin/v1/admin_pb'
import { actsOf, ageOf, devicesAt, titleOf } from './words'

const aim = (of: MessageInitShape<typeof UpdateAimSchema>) => create(UpdateAimSchema, { os: 'macos', version: '1.4.0', ...of } as MessageInitShape<typeof UpdateAimSchema>)

test('the days of an address are those there are, else thirty', () => {
  assert.deepEqual(['7', '30', '90', 'all', null, '', '8', 'x'].map(ageOf), [7, 30, 90, 0, 30, 30, 30, 30])
})

test('what can be done with an aim depends on how far it is', () => {
  assert.deepEqual(actsOf(aim({ percent: 10 })), ['raise', 'halt'])
  assert.deepEqual(actsOf(aim({ percent: 100 })), ['halt'])
  assert.deepEqual(actsOf(aim({ percent: 10, halted: '2026-11-23T10:00:00Z' })), ['goOn'])
  assert.deepEqual(actsOf(aim({ version: '' })), [])
})

test('an aim is called by system and version, and leads to its devices', () => {
  assert.deepEqual([titleOf(aim({})), titleOf(aim({ version: '' }))], ['macOS 1.4.0', 'macOS'])
  assert.deepEqual([devicesAt(aim({}), 'version'), devicesAt(aim({}), 'aim')], ['/devices?os=macos&version=1.4.0', '/devices?os=macos&aim=1.4.0'])
})
