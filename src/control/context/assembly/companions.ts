import { basename, dirname, extname, join } from 'node:path/posix'
import type { RankedFile } from '../ranking/rank.ts'
import { type Proposal, propose } from './select.ts'

/** What those who work on a folder and all below it must keep to. */
const rulesFile = 'AGENTS.md'
const decisionPath = /(?:^|\/)(?:adrs?|decisions|architecture-decisions)\//i
/** Companions are shown only where they speak of the matter, or belong to what is shown. */
const leastFit = 0.5
const mostDocuments = 3
const mostTests = 4

/** Paths of the rules that bind files: in their folders and upwards. */
export function rulesPaths(paths: readonly string[]): readonly string[] {
  const folders = paths.flatMap((path) => {
    const above: string[] = []
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) above.push(folder)
    return above
  })
  return [...new Set([...folders.map((folder) => `${folder}/${rulesFile}`), rulesFile])]
}

/** Rules that bind the files, the nearest first: they win over those further up. */
export function proposeRules(documents: readonly RankedFile[]): readonly Proposal[] {
  return documents
    .filter(({ path }) => basename(path) === rulesFile)
    .toSorted((one, other) => other.path.split('/').length - one.path.split('/').length)
    .flatMap((file) =>
      propose([file])
        .toSorted((one, other) => one.chunk.startLine - other.chunk.startLine)
        .map((proposal) => ({ ...proposal, why: [`rules of ${dirname(file.path)}/`] })),
    )
}

/** Decisions first, then other documents, where they speak of the matter. */
export function proposeDocuments(documents: readonly RankedFile[]): readonly Proposal[] {
  const others = documents.filter(({ path }) => basename(path) !== rulesFile)
  const decisions = others.filter(({ path }) => decisionPath.test(path)).slice(0, mostDocuments)
  const rest = others.filter(({ path }) => !decisionPath.test(path)).slice(0, mostDocuments - 1)
  return [decisions, rest].flatMap((files) => propose(files).filter(({ fit }) => fit >= leastFit))
}

/** Tests that cover the files by name or import, the others that speak of the matter after them. */
export function proposeTests(tests: readonly RankedFile[], code: readonly RankedFile[]): readonly Proposal[] {
  const covering = tests.flatMap((file) => {
    const covered = code.find(({ path }) => covers(file, path))
    return covered === undefined ? [] : [{ file, covered: covered.path }]
  })
  const covered = new Map(covering.map(({ file, covered: path }) => [file, path] as const))
  const linked = covering.map(({ file }) => file).slice(0, mostTests)
  const others = tests.slice(0, mostTests).filter((file) => !linked.includes(file))
  return [linked, others].flatMap((files) =>
    propose(files)
      .filter(({ fit }) => fit >= leastFit)
      .map((proposal) => {
        const path = covered.get(proposal.file)
        return path === undefined ? proposal : { ...proposal, why: [`test of ${path}`, ...proposal.why] }
      }),
  )
}

/** Whether a test is called after a file, or imports it. */
function covers({ path: test, evidence }: RankedFile, path: string): boolean {
  const subject = stem(path)
  if (subject === 'index' || subject === 'mod' || subject === '__init__') return false
  if (stem(test).replaceAll(/^test[_-]?|[._-]?(?:test|spec|tests)$/gi, '') === subject) return true
  return evidence.outline.imports.some((imported) => lastName(imported) === subject)
}

function stem(path: string): string {
  return basename(path).replace(/\.(?:d\.)?\w+$/, '')
}

/** `b` of `./a/b.ts`, `a.b` and `crate::a::b`. */
function lastName(imported: string): string {
  const name = imported.split(/[/\\]|::/).at(-1) ?? ''
  const plain = imported.includes('/') ? name.replace(extname(name), '') : name
  return plain.split('.').at(-1) ?? plain
}

/** Where tests of a file usually are, by the conventions of its language. */
export function testPaths(path: string): readonly string[] {
  const folder = dirname(path)
  const extension = extname(path)
  const name = basename(path, extension)
  const names: Readonly<Record<string, readonly string[]>> = {
    '.py': [`test_${name}.py`, `${name}_test.py`],
    '.go': [`${name}_test.go`],
    '.rb': [`${name}_spec.rb`, `${name}_test.rb`],
    '.rs': [`${name}.rs`, `${name}_test.rs`],
    '.java': [`${name}Test.java`, `${name}Tests.java`],
    '.cs': [`${name}Tests.cs`, `${name}Test.cs`],
    '.php': [`${name}Test.php`],
  }
  const own = names[extension] ?? [
    `${name}.test${extension}`,
    `${name}.spec${extension}`,
    `test-${name}${extension}`,
  ]
  const inside = folder.replace(/^(?:src|lib|app)(?=\/|$)\/?/, '')
  const folders = [
    folder,
    join(folder, '__tests__'),
    join(folder, 'tests'),
    ...['test', 'tests', 'spec', '__tests__'].flatMap((root) => [root, join(root, inside)]),
    folder.replace('src/main/', 'src/test/'),
  ]
  return [...new Set(folders.flatMap((where) => own.map((file) => join(where, file))))]
}
