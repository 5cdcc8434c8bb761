import assert from 'node:assert/strict'
import { test } from 'node:test'
import { found, sorted, type Column } from './table'

type Row = { name: string; total: number }
const columns: Column<Row>[] = [
  { name: 'name', title: 'Name', value: (r) => r.name },
  { name: 'total', title: 'Total', value: (r) => r.total, text: (r) => `${r.total} min`, number: true },
]
const rows = [
  { name: 'Émile', total: 7 },
  { name: 'ana', total: 70 },
  { name: 'Zoe 10', total: 7 },
  { name: 'Zoe 9', total: 8 },
]
const names = (list: Row[]) => list.map((r) => r.name)

test('rows sort by value, as people order names, and equal ones keep their order', () => {
  assert.deepEqual(names(sorted(rows, columns, 'name')), ['ana', 'Émile', 'Zoe 9', 'Zoe 10'])
  assert.deepEqual(names(sorted(rows, columns, '-total')), ['ana', 'Zoe 9', 'Émile', 'Zoe 10'])
  assert.deepEqual(names(sorted(rows, columns, 'unheard')), names(rows))
})

test('every word searched for has to be in the row, wherever', () => {
  assert.deepEqual(names(found(rows, columns, 'min ZOE')), ['Zoe 10', 'Zoe 9'])
  assert.deepEqual(names(found(rows, columns, '  ')), names(rows))
})
