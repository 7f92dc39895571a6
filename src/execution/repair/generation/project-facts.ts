import type { Vocabulary } from '../evidence/index.ts'
import { childrenAt, isFunctionNode, isSite, nameOf } from '../syntax/index.ts'
import type { SourceTree } from '../syntax/index.ts'
import type { FileFacts } from './file-facts.ts'
import { propertyName } from './file-facts.ts'

/** What all suspicious files together say: names that cross file borders. */
export interface ProjectFacts {
  /** Parameter names of functions and methods, by the function's bare name; the longest list wins. */
  readonly parameters: ReadonlyMap<string, readonly string[]>
  /** Property names read from anything that is called options, settings and the like. */
  readonly optionNames: ReadonlySet<string>
  /** Property names with how often they are used. */
  readonly properties: ReadonlyMap<string, number>
  /**
   * Names of options that the tests speak of, those that no source knows first: they are likely to be what is missing.
   */
  readonly wantedOptions: readonly string[]
}

/** Whether a name sounds like a bag of options. */
export function soundsLikeOptions(name: string): boolean {
  return /^(?:this\.)?_?(?:opts?|options|settings|config|configuration|params|flags)$|(?:Options|Opts)$/.test(
    name,
  )
}

/** Gathers the facts of a project from its files. */
export function gatherProjectFacts(
  trees: readonly SourceTree[],
  facts: readonly FileFacts[],
  vocabulary: Vocabulary,
): ProjectFacts {
  const parameters = new Map<string, readonly string[]>()
  const optionNames = new Set<string>()
  const properties = new Map<string, number>()
  trees.forEach((tree, index) => {
    for (const [name, count] of facts[index]?.properties ?? []) {
      properties.set(name, (properties.get(name) ?? 0) + count)
    }
    for (const site of tree.sites) {
      if (isFunctionNode(site.node)) noteParameters(parameters, tree, site)
      const object = site.children[0]
      const property = propertyName(site)
      if (property !== null && object !== undefined && soundsLikeOptions(tree.textOf(object))) {
        optionNames.add(property)
      }
    }
  })
  return {
    parameters,
    optionNames,
    properties,
    wantedOptions: wantedOptions(vocabulary, properties, optionNames),
  }
}

function noteParameters(
  parameters: Map<string, readonly string[]>,
  tree: SourceTree,
  site: SourceTree['root'],
): void {
  const full = nameOf(site, tree)
  if (full === null) return
  const bare = full.slice(full.lastIndexOf('.') + 1)
  const names = childrenAt(site, 'params').map((parameter) => {
    const inner = isSite(parameter, 'AssignmentPattern') ? (parameter.children[0] ?? parameter) : parameter
    return isSite(inner, 'Identifier') ? inner.node.name : ''
  })
  if ((parameters.get(bare)?.length ?? -1) < names.length) parameters.set(bare, names)
}

function wantedOptions(
  vocabulary: Vocabulary,
  properties: ReadonlyMap<string, number>,
  optionNames: ReadonlySet<string>,
): readonly string[] {
  const identifiers = vocabulary.keys.filter((key) => /^[A-Za-z_$][\w$]{2,}$/.test(key))
  const unknown = identifiers.filter((key) => !properties.has(key) && /[a-z]/.test(key))
  const known = identifiers.filter((key) => optionNames.has(key))
  return [...known.slice(0, 8), ...unknown.slice(0, 8)]
}
