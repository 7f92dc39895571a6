import type { Language, Survey } from '../languages/language.ts'
import { rankUnits } from '../localisation/index.ts'
import type { RepairProblem, SourceFile } from '../model.ts'
import { gatherVocabulary } from './evidence.ts'
import { generate, templates } from './generation/index.ts'
import { importDistances, outlineOf, unitOf } from './outline.ts'
import { ancestorsOf, fieldOf, pythonParser } from './syntax/index.ts'
import type { PythonNode, PythonTree } from './syntax/index.ts'

/** Python 3, parsed with tree-sitter. */
export const python: Language = {
  name: 'python',
  reads,
  survey,
  faultOf: (family) => templates.find(({ name }) => name === family)?.fault ?? null,
}

function reads(path: string): boolean {
  return path.endsWith('.py')
}

async function survey(problem: RepairProblem): Promise<Survey> {
  const parse = await pythonParser()
  const vocabulary = gatherVocabulary(problem, parse)
  const outline = (file: SourceFile) => {
    const tree = parse(file)
    return tree === null ? null : outlineOf(tree)
  }
  const { outlines, suspects, scores } = rankUnits(problem, vocabulary, { reads, outline, importDistances })
  const byNode = new Map([...scores].map(([unit, score]) => [unit.node, score]))
  const trees = outlines.map(({ tree }) => tree)
  const suspicionOf = (_tree: PythonTree, node: PythonNode): number => byNode.get(unitOf(node)) ?? 0
  return {
    vocabulary,
    suspects,
    files: trees.length,
    generate({ file, problem: other, ...options } = {}) {
      const chosen = trees.filter(({ path }) => file === undefined || path === file)
      const words = other === undefined ? vocabulary : gatherVocabulary(other, parse)
      return generate(chosen, suspicionOf, words, options)
    },
    functionAt(path, offset) {
      const tree = trees.find((candidate) => candidate.path === path)
      return tree === undefined ? null : functionNameAt(tree, offset)
    },
  }
}

function functionNameAt(tree: PythonTree, offset: number): string | null {
  const inside = tree.nodes.filter(({ start, end }) => start <= offset && offset <= end).at(-1)
  if (inside === undefined) return null
  for (const node of [inside, ...ancestorsOf(inside)]) {
    const name = node.type === 'function_definition' ? fieldOf(node, 'name') : null
    if (name !== null) return tree.textOf(name)
  }
  return null
}
