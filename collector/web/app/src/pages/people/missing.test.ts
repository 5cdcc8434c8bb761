import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HoursRow } from '../../contract/gen/dayline/admin/v1/admin_pb'
import { missingIn } from './missing'

test('those without any time are told with their reasons; who has some is not among them', () => {
  const row = (name: string, totalSeconds: number, absence = '') => ({ person: `p-${name}`, name, totalSeconds, absence }) as HoursRow
  assert.deepEqual(missingIn([row('Zoe', 0, 'off'), row('Ana', 60), row('Ana', 0, 'off'), row('Zoe', 0, 'silent'), row('Zoe', 0, 'silent'), row('Bo', 0, 'locked')]), [
    { person: 'p-Bo', name: 'Bo', reasons: [{ reason: 'locked', days: 1 }] },
    { person: 'p-Zoe', name: 'Zoe', reasons: [{ reason: 'silent', days: 2 }, { reason: 'off', days: 1 }] },
  ])
})
