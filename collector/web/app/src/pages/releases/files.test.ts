import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inOrder } from './files'

test('what lists the packages goes first, and is not forgotten', () => {
  const named = (...names: string[]) => names.map((name) => new File([], name))
  assert.deepEqual(inOrder(named('a.msi', 'release.json', 'b.deb'))?.map((file) => file.name), ['release.json', 'a.msi', 'b.deb'])
  assert.equal(inOrder(named('a.msi', 'release.json.txt')), undefined)
  assert.equal(inOrder([]), undefined)
})
