import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { DeviceSchema } from '../../contract/gen/dayline/admin/v1/admin_pb'
import { reachOf } from './reach'

const device = (revoked: boolean, ...browsers: [app: string, extensionVersion: string, frontSeconds: number, addressSeconds: number][]) =>
  create(DeviceSchema, { revoked, browsers: browsers.map(([app, extensionVersion, frontSeconds, addressSeconds]) => ({ app, extensionVersion, frontSeconds, addressSeconds })) })

test('devices count for each browser they have, revoked ones for none', () => {
  assert.deepEqual(reachOf([
    device(false, ['chromium', '1.2.0', 100, 90], ['firefox', '', 50, 0]),
    device(false, ['chromium', '1.10.0', 100, 100]),
    device(false, ['chromium', '1.10.0', 10, 10]),
    device(false, ['chromium', '', 40, 0]),
    device(true, ['chrome', '1.2.0', 10, 10]),
    device(false),
  ]), [
    { app: 'chromium', devices: 4, speaking: 3, versions: [{ version: '1.10.0', devices: 2 }, { version: '1.2.0', devices: 1 }], front: 250, address: 200 },
    { app: 'firefox', devices: 1, speaking: 0, versions: [], front: 50, address: 0 },
  ])
})
