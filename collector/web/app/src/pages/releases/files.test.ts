import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chosenOf } from './files'

const names = (files?: File[]) => files?.map((file) => file.name)
const file = (name: string, text = '') => new File([text], name)

test('of the files that were chosen those go that are listed, behind what lists them', async () => {
  const list = file('release.json', JSON.stringify({ packages: [{ name: 'a.msi' }, { name: 'b.deb' }, { name: 'not-chosen.rpm' }] }))
  const chosen = await chosenOf([file('a.msi'), file('a.zip'), list, file('b.deb')])
  assert.deepEqual([names(chosen?.taken), names(chosen?.left)], [['release.json', 'a.msi', 'b.deb'], ['a.zip']])
})

test('what cannot be read is for the collector to refuse, what is missing is not', async () => {
  for (const text of ['', '{', 'null', '{"packages": 1}', '{"packages": [null]}']) {
    const chosen = await chosenOf([file('a.msi'), file('release.json', text)])
    assert.deepEqual([names(chosen?.taken), names(chosen?.left)], [['release.json', 'a.msi'], []], text)
  }
  assert.equal(await chosenOf([file('a.msi'), file('release.json.txt')]), undefined)
  assert.equal(await chosenOf([]), undefined)
})
