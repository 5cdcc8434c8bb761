import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressOf, betweenPages, toldOf, type Shown } from './tab'

const page: Shown = { id: 7, windowId: 3, incognito: false, url: 'https://example.com/a?q=1', title: 'A', audible: false, status: 'complete' }

test('an address is http or https, without user, password and fragment', () => {
  assert.equal(addressOf('https://ada:secret@Example.com:443/a?q=1#top'), 'https://example.com/a?q=1')
  assert.equal(addressOf('http://münchen.example/straße'), 'http://xn--mnchen-3ya.example/stra%C3%9Fe')
  for (const text of [undefined, '', 'a page', 'about:blank', 'chrome://settings', 'file:///home/ada/notes.html', 'data:text/html,x', 'javascript:1', 'view-source:https://a/', 'moz-extension://x/'])
    assert.equal(addressOf(text), '', text)
})

test('a long address loses its query, then its path', () => {
  assert.equal(addressOf(`https://a.example/${'p'.repeat(100)}?${'q'.repeat(3000)}`), `https://a.example/${'p'.repeat(100)}`)
  assert.equal(addressOf(`https://a.example/${'p'.repeat(3000)}?q#f`), 'https://a.example/')
  assert.equal(addressOf(`https://a.example/?${'q'.repeat(2048 - 19)}`).length, 2048)
})

test('a page is told by address and title', () => {
  assert.deepEqual(toldOf(page), { window: 3, url: 'https://example.com/a?q=1', title: 'A' })
  assert.deepEqual(toldOf({ ...page, audible: true }), { window: 3, url: 'https://example.com/a?q=1', title: 'A', audible: true })
  assert.deepEqual(toldOf({ ...page, url: 'about:config', title: 'Settings' }), { window: 3, title: 'Settings' })
  assert.deepEqual(toldOf(undefined), { window: -1 })
})

test('a title is cut between characters', () => {
  assert.equal(toldOf({ ...page, title: '🌄'.repeat(600) }).title, '🌄'.repeat(512))
})

test('of a private window only that it is one is told', () => {
  assert.deepEqual(toldOf({ ...page, incognito: true, audible: true }), { window: 3, private: true })
})

test('a tab is between two pages while its title is not the new one', () => {
  const loading = { ...page, status: 'loading', url: 'https://example.com/b' }
  assert.ok(betweenPages(page, loading))
  assert.ok(betweenPages(page, { ...loading, url: 'about:blank' }))
  assert.ok(betweenPages(undefined, { ...loading, title: '' }))
  assert.ok(betweenPages(undefined, { ...loading, title: 'example.com/b' }))
  assert.ok(!betweenPages(page, { ...loading, title: 'B' }))
  assert.ok(!betweenPages(page, { ...loading, status: 'complete' }))
  assert.ok(!betweenPages(page, { ...loading, id: 8 }))
  assert.ok(!betweenPages(page, { ...loading, url: page.url }))
  assert.ok(!betweenPages(page, { ...loading, incognito: true, title: '' }))
  assert.ok(!betweenPages(page, undefined))
})
