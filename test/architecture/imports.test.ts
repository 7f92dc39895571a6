import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readGraph, readSources, withFiles } from './import-graph.ts'
import { rules } from './rules.ts'

const graph = readGraph(readSources(join(import.meta.dirname, '..', '..')))

describe('the walls between the planes', () => {
  it('are looked for where the code is', () => {
    expect(graph.files.size).toBeGreaterThan(100)
    expect(graph.imports.length).toBeGreaterThan(500)
    expect(graph.imports.filter(({ target }) => target !== undefined).length).toBeGreaterThan(300)
  })

  it.each(rules)('$name', ({ violations }) => {
    expect(violations(graph)).toEqual([])
  })
})

/** For every rule, code that breaks it. A rule that cannot turn red holds nothing. */
const planted: Record<string, Record<string, string>> = {
  'imports go down the planes, never up': {
    'src/store/planted.ts': "import { x } from '../engine/index.ts'",
  },
  'within execution, imports go down as well': {
    'src/execution/sandbox/planted.ts': "export { x } from '../tools/index.ts'",
  },
  'rooms import each other through their index.ts only': {
    'src/governance/audit/planted.ts': "const x = await import('../budget/ledger.ts')",
  },
  'kernel imports nothing but Node': { 'src/kernel/planted.ts': "import { z } from 'zod'" },
  'only engine knows the library it stands on': {
    'src/main/planted.ts': "import type { DBOS } from '@dbos-inc/dbos-sdk'",
  },
  'only main reads the environment': {
    'src/cli/planted.ts': 'const { env: surroundings } = process',
    'src/api/planted.ts': "import { env } from 'node:process'",
    'src/store/planted.ts': "const url = process['env'].DATABASE_URL",
    'src/control/planted.ts': 'const url = process.env.DATABASE_URL',
  },
  'only listed folders can reach the outside': {
    'src/control/planted.ts': "import { request } from 'node:https'",
    'src/governance/door/planted.ts': "await fetch('https://example.org')",
    'src/control/agents/planted.ts': "const { createOpenAI } = await import('@ai-sdk/openai')",
  },
  'adapters are imported only by what the door calls and by the composition root': {
    'src/control/planning/planted.ts': "import { x } from '../../execution/sandbox/index.ts'",
  },
  'only tests import what is made for tests': {
    'src/workflow/planted.ts': "import { x } from '../testing/index.ts'",
  },
  'every relative import leads to a file': { 'src/store/planted.ts': "import { x } from './nowhere.ts'" },
  'there are no import cycles': {
    'src/store/planted-a.ts': "import { b } from './planted-b.ts'",
    'src/store/planted-b.ts': "import type { A } from './planted-a.ts'",
  },
}

describe('a planted violation is found:', () => {
  it.each(rules)('$name', ({ name, violations }) => {
    const files = planted[name]
    expect(files, 'every rule needs a planted violation').toBeDefined()
    const found = violations(withFiles(graph, new Map(Object.entries(files!)))).join('\n')
    const culprits = name.includes('cycles') ? ['src/store/planted-a.ts'] : Object.keys(files!)
    for (const path of culprits) expect(found).toContain(path)
  })
})
