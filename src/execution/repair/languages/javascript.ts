import { gatherVocabulary } from '../evidence/index.ts'
import { generate, templates } from '../generation/index.ts'
import { localise } from '../localisation/index.ts'
import type { RepairProblem } from '../model.ts'
import { descendantsOf, isFunctionNode, isParsable, nameOf } from '../syntax/index.ts'
import type { SourceTree } from '../syntax/index.ts'
import type { Language, Survey } from './language.ts'

/** JavaScript and TypeScript, parsed with Babel. */
export const javascript: Language = {
  name: 'javascript',
  reads: isParsable,
  survey: (problem) => Promise.resolve(survey(problem)),
  faultOf: (family) => templates.find(({ name }) => name === family)?.fault ?? null,
}

function survey(problem: RepairProblem): Survey {
  const vocabulary = gatherVocabulary(problem)
  const localisation = localise(problem, vocabulary)
  return {
    vocabulary,
    suspects: localisation.suspects,
    files: localisation.trees.length,
    generate({ file, problem: other, ...options } = {}) {
      const trees = localisation.trees.filter(({ path }) => file === undefined || path === file)
      const words = other === undefined ? vocabulary : gatherVocabulary(other)
      return generate({ ...localisation, trees }, words, options)
    },
    functionAt(path, offset) {
      const tree = localisation.trees.find((candidate) => candidate.path === path)
      return tree === undefined ? null : functionNameAt(tree, offset)
    },
  }
}

function functionNameAt(tree: SourceTree, offset: number): string | null {
  let name: string | null = null
  for (const site of descendantsOf(tree.root)) {
    if (isFunctionNode(site.node) && site.start <= offset && offset <= site.end)
      name = nameOf(site, tree) ?? name
  }
  return name
}
