import { expect, it } from 'vitest'
import { buildImportGraph } from './import-graph.ts'

it.each([
  ['src/a.ts', './b', 'src/b.ts'],
  ['src/a.ts', './b.js', 'src/b.ts'],
  ['src/a.ts', './user.service', 'src/user.service.ts'],
  ['src/a.ts', '../lib', 'lib/index.ts'],
  ['src/app/a.py', '.models', 'src/app/models.py'],
  ['src/app/a.py', '..core.models', 'src/core/models.py'],
  ['tests/a.py', 'app.models', 'src/app/models.py'],
  ['cmd/main.go', 'example.org/project/internal/store', 'internal/store/store.go'],
  ['src/main.rs', 'crate::index::store', 'src/index/store.rs'],
  ['src/main.rs', 'crate::index::store::Ledger', 'src/index/store.rs'],
  ['src/A.java', 'org.example.store.Ledger', 'src/org/example/store/Ledger.java'],
  ['src/a.c', 'store/ledger.h', 'include/store/ledger.h'],
])('%s that imports %s leads to %s', (path, name, target) => {
  const files = [
    { path, imports: [name] },
    { path: target, imports: [] },
    { path: 'elsewhere/unrelated.ts', imports: [] },
  ]
  expect(buildImportGraph(files)).toEqual({ imports: [[1], [], []], importedBy: [[], [0], []] })
})
