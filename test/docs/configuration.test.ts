import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const page = readFileSync(join(root, 'docs/configuration.md'), 'utf8')

/** Only files of `src/main` read the environment, by a name in brackets or through a function that takes the name. */
const reading =
  /(?:environment|process\.env)\[\s*'([A-Z][A-Z0-9_]+)'\s*\]|\(\s*environment,\s*'([A-Z][A-Z0-9_]+)'/g

function variablesRead(): string[] {
  const files = readdirSync(join(root, 'src/main')).filter((name) => /(?<!\.test)\.ts$/.test(name))
  const texts = files.map((name) => readFileSync(join(root, 'src/main', name), 'utf8'))
  return texts.flatMap((text) => [...text.matchAll(reading)].map(([, direct, named]) => direct ?? named!))
}

it('docs/configuration.md has every variable of the environment that the studio reads', () => {
  const read = variablesRead()
  expect(read).toEqual(
    expect.arrayContaining(['ATELIER_DATA', 'ATELIER_URL', 'ATELIER_INDEX_DAYS', 'DATABASE_URL']),
  )
  expect(read.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})

it('and names none of the studio’s own that nothing reads', () => {
  const named = [...page.matchAll(/`(ATELIER_[A-Z_]+)`/g)].map((match) => match[1]!)
  const used = [...variablesRead(), 'ATELIER_PICTURES']
  expect(named.filter((name) => !used.includes(name))).toEqual([])
})

it('has every variable with the key of a provider in the shipped catalogue', () => {
  const catalogue = readFileSync(join(root, 'models/catalogue.yaml'), 'utf8')
  const keys = [...catalogue.matchAll(/credential: (\w+)/g)].map((match) => match[1]!)
  expect(keys.length).toBeGreaterThan(3)
  expect(keys.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})
