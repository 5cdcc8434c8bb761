import assert from 'node:assert/strict'
import test from 'node:test'
import { pathHere } from './back'

test('signing in leads to a page and nowhere else', () => {
  for (const back of ['/', '/people?range=today&group=A%20B', '/people/p-1#x']) assert.equal(pathHere(back), back)
  for (const back of [
    '', 'people', '//evil.example', '/\\evil.example', '\\\\evil.example', 'https://evil.example', 'javascript:alert(1)', '/\t/evil.example', '/\n\\evil.example',
  ]) {
    assert.equal(pathHere(back), '/', JSON.stringify(back))
  }
})
