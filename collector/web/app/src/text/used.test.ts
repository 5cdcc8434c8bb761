// That a text exists in each language is the compiler's to say; that somebody is shown it is said here.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { en } from './en'

const src = join(import.meta.dirname, '..')
const code = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(svelte|ts)$/.test(file) && !/\.test\.ts$|^text\/|\/gen\//.test(file))
  .map((file) => readFileSync(join(src, file), 'utf8'))
  .join('\n')

/** patterns are the keys that the code names: 'apps.title', `users.${role}What`, sayWord('account', `unit_${unit}`). */
const patterns = [
  ...[...code.matchAll(/['`](\w+\.[^'`\s]+)['`]/g)].map(([, key]) => key!),
  ...[...code.matchAll(/sayWord\('(\w+)', ['`]([^'`]+)['`]/g)].map(([, area, word]) => `${area}.${word}`),
  // A word of the contract, which names any of an area's.
  ...[...code.matchAll(/sayWord\('(\w+)', [^'`]/g)].map(([, area]) => `${area}.\${word}`),
]

test('every text is shown somewhere', () => {
  const [composed, named] = [patterns.filter((pattern) => pattern.includes('${')), new Set(patterns)]
  const fits = [...new Set(composed)].map((pattern) => new RegExp(`^${pattern.replace(/\$\{[^}]*\}|([.?+])/g, (_, sign) => (sign ? '\\' + sign : '.+'))}$`))
  const unused = Object.entries(en)
    .flatMap(([area, texts]) => Object.keys(texts).map((key) => `${area}.${key}`))
    .filter((key) => !named.has(key) && !fits.some((one) => one.test(key)))
  assert.deepEqual(unused, [])
})
