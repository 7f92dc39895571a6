import treeSitter from '@vscode/tree-sitter-wasm'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** A node of a syntax tree. */
export type SyntaxNode = treeSitter.Node

/** The named children of a node. */
export function childrenOf(node: SyntaxNode): readonly SyntaxNode[] {
  return node.namedChildren.filter((child) => child !== null)
}

interface Grammars {
  readonly parser: treeSitter.Parser
  readonly loaded: Map<string, treeSitter.Language>
}

let starting: Promise<Grammars> | undefined

async function start(): Promise<Grammars> {
  await treeSitter.Parser.init()
  return { parser: new treeSitter.Parser(), loaded: new Map() }
}

/** Parses source text and hands its root to `use`; undefined when parsing took longer than `budgetMs`. */
export type Parse = <T>(source: string, budgetMs: number, use: (root: SyntaxNode) => T) => T | undefined

/** Loads a grammar (once per process) and returns the parser for it. */
export async function parserOf(grammar: string): Promise<Parse> {
  const { parser, loaded } = await (starting ??= start())
  let language = loaded.get(grammar)
  if (language === undefined) {
    const folder = dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm'))
    language = await treeSitter.Language.load(join(folder, `tree-sitter-${grammar}.wasm`))
    loaded.set(grammar, language)
  }
  const grammarOfFile = language
  return (source, budgetMs, use) => {
    const deadline = performance.now() + budgetMs
    parser.setLanguage(grammarOfFile)
    const tree = parser.parse(source, null, { progressCallback: () => performance.now() > deadline })
    if (tree === null) {
      parser.reset()
      return undefined
    }
    try {
      return use(tree.rootNode)
    } finally {
      tree.delete()
    }
  }
}
