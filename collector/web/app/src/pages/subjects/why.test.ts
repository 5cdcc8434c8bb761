import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sourceOf, stepOf } from './why'

const site = (name: string) => ({ kind: 'site' as const, name })

test('sources are taken apart', () => {
  assert.deepEqual(sourceOf('default'), { from: 'default' })
  assert.deepEqual(sourceOf('shipped list (app a (b).exe)'), { from: 'shipped', subject: { kind: 'app', name: 'a (b).exe' } })
  assert.deepEqual(sourceOf('classification.yaml:6 (site social.net, exception Sales (EU))'), { from: 'rule', subject: site('social.net'), line: 6, group: 'Sales (EU)' })
  assert.equal(sourceOf('the weather'), undefined)
})

test('steps are taken apart as collector/classify writes them', () => {
  const rule = { from: 'rule' as const, subject: site('social.net'), line: 6, group: '' }
  assert.deepEqual(stepOf('site a.social.net: no rule'), { looked: site('a.social.net') })
  assert.deepEqual(stepOf('site social.net: classification.yaml:6 (site social.net, exception Marketing): status productive'), {
    looked: site('social.net'), source: { ...rule, group: 'Marketing' }, status: { word: 'productive', late: false },
  })
  assert.deepEqual(stepOf('site social.net: classification.yaml:6 (site social.net): status unproductive (decided above), category Fun, games'), {
    looked: site('social.net'), source: rule, status: { word: 'unproductive', late: true }, category: { word: 'Fun, games', late: false },
  })
  assert.deepEqual(stepOf('site social.net: classification.yaml:6 (site social.net): says nothing here'), { looked: site('social.net'), source: rule })
  assert.deepEqual(stepOf('url b.com/x: y: shipped list (site b.com): category Video (decided above)'), {
    looked: { kind: 'url', name: 'b.com/x: y' }, source: { from: 'shipped', subject: site('b.com') }, category: { word: 'Video', late: true },
  })
  assert.deepEqual(stepOf('default: no category'), { source: { from: 'default' }, category: { word: '', late: false } })
  assert.equal(stepOf('something else'), undefined)
})
