import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../kernel/index.ts'
import { movableClock } from '../../../testing/index.ts'
import { openModelDirectory } from '../model-directory.ts'
import { loadRoutes } from '../routes/routes.ts'
import { loadCatalogue } from './catalogue.ts'

const shipped = join(import.meta.dirname, '../../../../models')
let folder: string
const file = (name: string): string => join(folder, name)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atelier-catalogue-'))
})
beforeEach(() => Promise.all(['models.yaml', 'routes.yaml'].map((name) => rm(file(name), { force: true }))))
afterAll(() => rm(folder, { recursive: true }))

const upstream =
  '{ kind: openai-compatible, baseUrl: http://localhost:1, deployment: on-device, residency: here }'
const valid = `upstreams:
  local: ${upstream}
models:
  one: { upstream: local, context: 100, maxOutput: 10, size: small, prices: free }
`

async function catalogueFrom(text: string) {
  await writeFile(file('models.yaml'), text)
  return loadCatalogue([file('absent.yaml'), file('models.yaml')])
}

async function routesFrom(text: string) {
  const catalogue = await catalogueFrom(valid)
  await writeFile(file('routes.yaml'), text)
  return loadRoutes([file('routes.yaml')], catalogue)
}

const problemOf = async (load: Promise<unknown>): Promise<string> => {
  const problem: unknown = await load.catch((error: unknown) => error)
  return String(problem).replaceAll(`${folder}/`, '')
}

describe('the shipped catalogue and routes', () => {
  it('fit together, and know every price', async () => {
    const catalogue = await loadCatalogue([join(shipped, 'catalogue.yaml')])
    const routes = await loadRoutes([join(shipped, 'routes.yaml')], catalogue)
    expect([...routes.named.keys()].slice(0, 4)).toEqual(['large', 'medium', 'small', 'embeddings'])
    expect(routes.named.get('developer')).toBe(routes.named.get('medium'))
    const unknown = [...catalogue.models.values()].filter(({ price }) => price.kind === 'unknown')
    expect(unknown.map(({ id }) => id)).toEqual([])
    for (const { id, maxOutput, context } of catalogue.models.values())
      expect(maxOutput, id).toBeLessThan(context)
    expect(catalogue.models.get('claude-haiku-4-5')?.price).toEqual({
      kind: 'known',
      table: { input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25 },
    })
  })
})

describe('a catalogue of the owner', () => {
  it('says only what it changes', async () => {
    await writeFile(
      file('models.yaml'),
      `models:
  claude-haiku-4-5: { prices: { input: 2, output: 6 }, retired: 2030-01-31 }
  gpt-5.5: null
`,
    )
    const { models } = await loadCatalogue([join(shipped, 'catalogue.yaml'), file('models.yaml')])
    expect(models.get('claude-haiku-4-5')).toMatchObject({
      context: 200_000,
      retiredAt: Date.UTC(2030, 0, 31),
      price: { table: { input: 2, output: 6 } },
    })
    expect(models.has('gpt-5.5')).toBe(false)
  })

  it.each([
    ['models: [\n', /models\.yaml:\d+: /],
    ['models:\n  one:\n    contxt: 5\n', 'models.yaml:3: models.one: Unrecognized key: "contxt"'],
    [valid + '  two: { upstream: local, context: -1 }\n', 'models.yaml:5: models.two.context: Too small'],
    [
      valid + '  two: { upstream: local, context: 1 }\n',
      'models.yaml:5: models.two.maxOutput: Invalid input',
    ],
    [
      valid + '  two: { upstream: far, context: 1, maxOutput: 1, size: small }\n',
      'models.yaml:5: models.two: there is no upstream far',
    ],
    [valid.replace('openai-compatible', 'telepathy'), 'models.yaml:2: upstreams.local.kind: Invalid option'],
    [
      valid.replace('http://localhost:1', 'file:///etc/passwd'),
      'models.yaml:2: upstreams.local.baseUrl: Invalid URL',
    ],
    [valid.replace('prices: free', 'prices: cheap'), 'models.yaml:4: models.one.prices: Invalid input'],
    [valid + valid, /models\.yaml:5: Map keys must be unique/],
    ['a: &a [*b]\n', /models\.yaml/],
    ['currency: dollars\n', 'models.yaml:1: currency: Invalid string'],
  ])('is refused with its place: %j', async (text, expected) => {
    const problem = await problemOf(catalogueFrom(text))
    expect(problem).toMatch(/^AtelierError: The catalogue of models cannot be used: /)
    expect(problem).toMatch(expected)
  })

  it('is unknown, free or listed in price as it says', async () => {
    const { models } = await catalogueFrom(
      `${valid}  two: { upstream: local, context: 100, maxOutput: 10, size: small }\nunknownPrices: allow\n`,
    )
    expect(models.get('one')?.price).toEqual({ kind: 'known', table: { input: 0, output: 0 } })
    expect(models.get('two')?.price).toEqual({ kind: 'unknown', use: 'allow' })
  })
})

describe('routes', () => {
  it('take what they do not say from the defaults', async () => {
    const routes = await routesFrom(
      'defaults: { retries: 5, deadlines: { total: 7 } }\nroutes:\n  way: { targets: [{ model: one }], deadlines: { firstToken: 3 } }\n',
    )
    expect(routes.named.get('way')).toMatchObject({
      retry: { retries: 5 },
      deadlines: { firstTokenMs: 3000, betweenTokensMs: 60_000, totalMs: 7000 },
      targets: [{ model: 'one', weight: 1 }],
    })
    expect(routes.direct('one')).toMatchObject({ retry: { retries: 5 }, targets: [{ model: 'one' }] })
  })

  it.each([
    ['aliases:\n  a: none\n', 'routes.yaml:2: aliases.a: there is no none'],
    ['routes:\n  way: { targets: [{ model: two }] }\n', 'routes.yaml:2: routes.way: there is no model two'],
    ['routes:\n  way: { targets: [] }\n', 'routes.yaml:2: routes.way.targets: Too small'],
    [
      'routes:\n  one: { targets: [{ model: one }] }\n',
      'routes.yaml:2: routes.one: there is a model of this name',
    ],
    ['routes:\n  way: { targets: [{ model: one, weight: 0 }] }\n', 'routes.way: every target has weight 0'],
    [
      'routes:\n  way:\n    targets: [{ model: one }]\n    fallback: [{ model: one, on: [bad-luck] }]\n',
      'routes.yaml:4: routes.way.fallback.0.on.0: Invalid option',
    ],
    ['defaults:\n  retries: many\n', 'routes.yaml:2: defaults.retries'],
  ])('are refused with their place: %j', async (text, expected) => {
    const problem = await problemOf(routesFrom(text))
    expect(problem).toMatch(/^AtelierError: The routes over models cannot be used: /)
    expect(problem).toContain(expected)
  })
})

describe('the directory of models', () => {
  it('follows its files, and keeps what held when a change cannot be used', async () => {
    await writeFile(file('models.yaml'), valid)
    const clock = movableClock()
    const directory = await openModelDirectory({
      shipped: file('none'),
      own: folder,
      clock,
      logger: silentLogger,
    })
    const names = async () => [...(await directory.read()).catalogue.models.keys()]
    const change = async (text: string): Promise<void> => {
      await writeFile(file('models.yaml'), text)
      await utimes(file('models.yaml'), new Date(), new Date(clock.now()))
      clock.advance(2000)
    }
    expect(await names()).toEqual(['one'])
    await change(valid.replace('  one:', '  other:'))
    expect(await names()).toEqual(['other'])
    await change('models: 5\n')
    expect(await names()).toEqual(['other'])
    await change(valid)
    expect(await names()).toEqual(['one'])
  })
})
