import { collectVocabulary } from '../evidence/index.ts'
import type { TestToken, Vocabulary } from '../evidence/index.ts'
import type { RepairProblem } from '../model.ts'
import { descendantsOf, fieldOf } from './syntax/index.ts'
import type { ParsePython, PythonNode, PythonTree } from './syntax/index.ts'

const weightOf = { newLine: 1, failingTest: 0.7, file: 0.15 } as const

/** Gathers the vocabulary of failing tests in Python, their messages and the issue. */
export function gatherVocabulary(problem: RepairProblem, parse: ParsePython): Vocabulary {
  const tokens = problem.tests.flatMap((file) => {
    const tree = parse(file)
    return tree === null ? [] : tokensOf(tree, problem)
  })
  return collectVocabulary(problem, tokens)
}

/** The source of failing tests says most; where none is found by its name the whole file counts, but little. */
function tokensOf(tree: PythonTree, { reproduction, newTestLines }: RepairProblem): readonly TestToken[] {
  // Parameters stand in brackets behind the name.
  const names = new Set(
    reproduction.failing.map(({ name }) =>
      name
        .replace(/[[( ].*$/s, '')
        .split(' > ')
        .at(-1),
    ),
  )
  const functions = tree.nodes.filter((node) => {
    const name = node.type === 'function_definition' ? fieldOf(node, 'name') : null
    return name !== null && names.has(tree.textOf(name))
  })
  const fresh = new Set(newTestLines?.[tree.path])
  const tokens = functions.flatMap((node) => tokensIn(node, tree, weightOf.failingTest))
  if (fresh.size > 0) {
    const isFresh = (node: PythonNode): boolean => fresh.has(tree.lineOf(node.start))
    tokens.push(...tree.nodes.flatMap((node) => (isFresh(node) ? tokenOf(node, tree, weightOf.newLine) : [])))
  }
  return tokens.length > 0 ? tokens : tokensIn(tree.root, tree, weightOf.file)
}

function tokensIn(node: PythonNode, tree: PythonTree, weight: number): TestToken[] {
  return [...descendantsOf(node)].flatMap((part) => tokenOf(part, tree, weight))
}

function tokenOf(node: PythonNode, tree: PythonTree, weight: number): readonly TestToken[] {
  const text = tree.textOf(node)
  switch (node.type) {
    case 'identifier':
      return node.field === 'name' && node.parent?.type === 'keyword_argument'
        ? [
            { kind: 'name', text, weight },
            { kind: 'key', text, weight },
          ]
        : [{ kind: 'name', text, weight }]
    case 'string_content':
      return [{ kind: 'string', text, weight }]
    case 'integer':
    case 'float':
      return [{ kind: 'number', text, weight }]
    default:
      return []
  }
}
