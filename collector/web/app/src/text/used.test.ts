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

/** Keys, and how those begin that end in a word of the code's own ('users.${role}What'). */
const named = new Set([...code.matchAll(/['`](\w+\.[^'`$\s]*)/g)].map(([, key]) => key!))
/** How keys begin that end in a word of the contract, any of which may come: sayWord('account', `unit_${unit}`). */
const words = [...code.matchAll(/sayWord\('(\w+)', (?:['`]([^'`$]*))?/g)].map(([, area, word = '']) => `${area}.${word}`)
const own = new Set([...code.matchAll(/['"]([^'"\s]+)['"]|\b(\w+): /g)].map(([, quoted, field]) => quoted ?? field!))

function used(key: string): boolean {
  if (named.has(key) || words.some((begin) => key.startsWith(begin))) return true
  return [...named].some((begin) => key.startsWith(begin) && own.has(key.slice(begin.length).replace(/(Help|What)$/, '')))
}

test('every text is shown somewhere', () => {
  const keys = Object.entries(en).flatMap(([area, texts]) => Object.keys(texts).map((key) => `${area}.${key}`))
  assert.deepEqual(keys.filter((key) => !used(key)), [])
})
