import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pace } from './pace'

/** When what changes at these times is looked at, each change and each look in its turn. */
function looks(changes: number[]): number[] {
  const pace = new Pace()
  const at: number[] = []
  for (let due = pace.due(); changes.length > 0 || due !== undefined; due = pace.due()) {
    if (due !== undefined && (changes.length === 0 || due < changes[0]!)) {
      pace.looked(due)
      at.push(due)
    } else {
      pace.changed(changes.shift()!)
    }
  }
  return at
}

test('nothing is due where nothing changed', () => assert.equal(new Pace().due(), undefined))

test('a change is told once it is quiet', () => assert.deepEqual(looks([1000]), [1080]))

test('changes that follow each other are told once', () => assert.deepEqual(looks([1000, 1030, 1070]), [1150]))

test('what goes on changing is told in between', () => {
  assert.deepEqual(looks([1000, 1050, 1100, 1150, 1190, 1240, 1290]), [1200, 1370])
})

test('no more than ten are told a second', () => {
  const at = looks(Array.from({ length: 2000 }, (_, i) => 1000 + i * 5))
  assert.ok(at.length >= 40 && at.every((time, i) => i === 0 || time - at[i - 1]! >= 100))
  const pace = new Pace()
  pace.looked(1000)
  pace.asked(1010)
  assert.equal(pace.due(), 1100)
})

test('who asks does not wait for quiet', () => {
  const pace = new Pace()
  pace.changed(990)
  pace.asked(1000)
  assert.ok(pace.due()! <= 1000)
})
