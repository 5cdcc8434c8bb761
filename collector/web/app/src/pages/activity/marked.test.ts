import assert from 'node:assert/strict'
import { test } from 'node:test'
import { marked } from './marked'

const shown = (text: string, search: string) => marked(text, search).map((piece) => (piece.hit ? `[${piece.text}]` : piece.text)).join('')

test('what is searched for is marked wherever it stands, without case', () => {
  assert.equal(shown('Report: my report', 'REPORT'), '[Report]: my [report]')
  assert.equal(shown('aaaa', 'aa'), '[aa][aa]')
  assert.equal(shown('Übersicht – ÜBER uns', 'über'), '[Über]sicht – [ÜBER] uns')
  assert.equal(shown('a.b(c)*', '.b('), 'a[.b(]c)*')
})

test('what does not contain it stays whole', () => {
  assert.deepEqual(marked('Inbox', 'x y'), [{ text: 'Inbox', hit: false }])
  assert.deepEqual(marked('Inbox', ''), [{ text: 'Inbox', hit: false }])
  assert.deepEqual(marked('', 'a'), [{ text: '', hit: false }])
})

test('letters that are longer in lower case, and pairs of code units, stay whole', () => {
  assert.equal(shown('İstanbul', 'stan'), 'İ[stan]bul')
  assert.equal(shown('İstanbul', 'i'), '[İ]stanbul')
  assert.equal(shown('😀 ok 😀', '😀'), '[😀] ok [😀]')
  for (const text of ['<mark>&lt;', 'İİİi̇', '\u202eabc', '👩‍💻 code']) {
    for (const search of ['i', '<', 'c', '👩', 'i̇i']) assert.equal(marked(text, search).map((piece) => piece.text).join(''), text)
  }
})
