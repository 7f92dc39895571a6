import { z } from 'zod'
import type { Sandbox } from '../sandbox/index.ts'
import { quoteWord } from '../testing/index.ts'
import type { UpkeepPlace } from './kind.ts'
import { runProgram } from './program.ts'
import type { Comparison } from './same-meaning.ts'

/**
 * Compares two texts of Python files by the tree that Python itself makes of them. Doc strings count without the white
 * space around their lines, as formatters indent them anew.
 */
const comparing = `
import ast, json, sys
def shape(text):
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, 'body', None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr) and isinstance(getattr(body[0], 'value', None), ast.Constant) and isinstance(body[0].value.value, str):
            body[0].value.value = '\\n'.join(line.strip() for line in body[0].value.value.strip().splitlines())
        if isinstance(node, ast.Constant):
            node.kind = None
        if isinstance(node, ast.Delete) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Tuple):
            node.targets = node.targets[0].elts
    return ast.dump(tree)
def compare(before, after):
    try:
        return 'same' if shape(before) == shape(after) else 'different'
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return 'not-compared'
print(json.dumps([compare(before, after) for before, after in json.load(sys.stdin)]))
`

/** For each pair of texts, whether they mean the same. Nothing is compared where there is no Python. */
export async function comparePython(
  place: UpkeepPlace,
  sandbox: Sandbox,
  pairs: readonly (readonly [string, string])[],
): Promise<readonly Comparison[]> {
  if (pairs.length === 0) return []
  const script = `python3 -I -c ${quoteWord(comparing)}`
  const result = await runProgram(place, sandbox, 'python3', script, { stdin: JSON.stringify(pairs) })
  if (result.code !== 0) return pairs.map(() => 'not-compared')
  return z
    .array(z.enum(['same', 'different', 'not-compared']))
    .length(pairs.length)
    .parse(JSON.parse(result.stdout))
}
