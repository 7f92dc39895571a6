import { grammarOf, parserOf, type SyntaxNode } from '../../execution/grammar/index.ts'

const parseMs = 2_000

/** The tokens of a text in their order: those of its language without comments, or its words and signs. */
export async function tokensOf(path: string, text: string): Promise<readonly string[]> {
  const grammar = grammarOf(path)
  const parsed = grammar === undefined ? undefined : (await parserOf(grammar))(text, parseMs, leavesOf)
  return parsed ?? text.match(/\w+|[^\s\w]/g) ?? []
}

/** Texts without inner structure, such as strings, come as a whole. */
function leavesOf(root: SyntaxNode): readonly string[] {
  const leaves: string[] = []
  const open = [root]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.type.includes('comment')) continue
    const children = node.children.filter((child) => child !== null)
    if (children.length === 0) {
      if (node.text.trim() !== '') leaves.push(node.text)
    } else open.push(...children.toReversed())
  }
  return leaves
}
