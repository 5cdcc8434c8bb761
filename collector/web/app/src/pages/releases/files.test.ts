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

test('what is signed goes before the packages, and needs none', async () => {
  const list = file('release.json', JSON.stringify({ packages: [{ name: 'a.msi' }] }))
  const all = [file('a.msi'), file('channel.json.sig'), file('release.json.sig'), list, file('trusted-2.json.sig'), file('channel.json'), file('trusted-2.json')]
  const order = ['channel.json.sig', 'release.json.sig', 'release.json', 'trusted-2.json.sig', 'channel.json', 'trusted-2.json', 'a.msi']
  assert.deepEqual(names((await chosenOf(all))?.taken), order)
  const alone = await chosenOf([file('channel.json.sig'), file('a.msi'), file('channel.json'), file('release.json.sig')])
  assert.deepEqual([names(alone?.taken), names(alone?.left)], [['channel.json.sig', 'channel.json'], ['a.msi', 'release.json.sig']])
})

test('a list that cannot be read is for the collector to refuse, and takes no other file along', async () => {
  for (const text of ['', '{', 'null', '{"packages": 1}', '{"packages": [null]}']) {
    const chosen = await chosenOf([file('a.msi'), file('release.json', text), file('release.key')])
    assert.deepEqual([names(chosen?.taken), names(chosen?.left)], [['release.json'], ['a.msi', 'release.key']], text)
  }
  assert.equal(await chosenOf([file('a.msi'), file('release.json.txt')]), undefined)
  assert.equal(await chosenOf([]), undefined)
})
