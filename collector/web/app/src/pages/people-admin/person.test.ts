import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Person } from '../../contract/gen/dayline/admin/v1/admin_pb'
import { devicesOf, loginsOf, ownerOf } from './person'

const ana = {
  id: 'p-1',
  logins: ['CORP\\ana', 'CORP\\later'],
  seen: [
    { login: 'CORP\\ana', device: 'd-2', deviceName: 'Desk' },
    { login: 'corp\\Ana', device: 'd-1', deviceName: 'Attic' },
    { login: 'CORP\\ana', device: '', deviceName: '' },
  ],
} as unknown as Person

test('a person’s devices are told once, by name', () => {
  assert.deepEqual(devicesOf(ana).map((one) => one.deviceName), ['Attic', 'Desk'])
})

test('a login is told with where it was seen', () => {
  assert.deepEqual(loginsOf(ana).map((one) => [one.name, one.devices.length]), [['CORP\\ana', 2], ['CORP\\later', 0]])
  assert.equal(ownerOf([ana], 'corp\\LATER'), ana)
  assert.equal(ownerOf([ana], 'ana'), undefined)
})
