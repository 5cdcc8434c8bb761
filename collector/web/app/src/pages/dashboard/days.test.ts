import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { DashboardRowSchema } from '../../contract/gen/dayline/admin/v1/admin_pb'
import { columnsOf, daysOf } from './days'

test('a range is every day of it, over months and the change of clocks', () => {
  assert.deepEqual(daysOf('2026-02-27', '2026-03-02'), ['2026-02-27', '2026-02-28', '2026-03-01', '2026-03-02'])
  assert.equal(daysOf('2026-03-01', '2026-03-31').length, 31)
  assert.deepEqual(daysOf('2026-03-02', '2026-03-01'), [])
})

test('a day without time says why, and is never a row of zero', () => {
  const row = create(DashboardRowSchema, { day: '2026-03-03', people: 2 })
  const columns = columnsOf({ from: '2026-03-01', to: '2026-03-06' }, [row], {
    today: '2026-03-05',
    keptFrom: '2026-03-02',
    absences: new Map([['2026-03-04', 'locked']]),
  })
  assert.deepEqual(
    columns.map(({ day, row, absence }) => [day, row?.people, absence]),
    [
      ['2026-03-01', undefined, 'expired'],
      ['2026-03-02', undefined, 'gap'],
      ['2026-03-03', 2, ''],
      ['2026-03-04', undefined, 'locked'],
      ['2026-03-05', undefined, 'gap'],
      ['2026-03-06', undefined, 'ahead'],
    ],
  )
})
