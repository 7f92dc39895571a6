import { posix } from 'node:path'
import { z } from 'zod'
import { plural } from '../../kernel/index.ts'
import type { FileChange, Repository } from '../repository/index.ts'
import type { Sandbox } from '../sandbox/index.ts'
import { quoteWord, workspaceRoot } from '../testing/index.ts'
import { upkeepErrors } from './errors.ts'
import { isWithin, type UpkeepPlace } from './kind.ts'
import { runProgram } from './program.ts'

/** Bytes of a file that programs may rewrite; beyond it files are generated or data, and nobody reviews them. */
const fileLimit = 2_000_000
/** Files of one change. */
const mostFiles = 500

/** Names the files, of those given with their git object ids, that are there and have another content now. */
const hashing = `
const fs = require('fs'), crypto = require('crypto')
const changed = []
for (const [path, id] of JSON.parse(fs.readFileSync(0, 'utf8'))) {
  let content
  try {
    if (!fs.lstatSync(path).isFile()) continue
    content = fs.readFileSync(path)
  } catch { continue }
  const hash = crypto.createHash(id.length === 40 ? 'sha1' : 'sha256')
  hash.update('blob ' + content.length + '\\0').update(content)
  if (hash.digest('hex') !== id) changed.push(path)
}
console.log(JSON.stringify(changed))
`

/**
 * The files of the tree that a program in the sandbox has rewritten, and their contents. New files, removed ones, links
 * and large ones are passed over: none of the programs has a reason to touch them.
 *
 * @throws `ATL_UPKEEP_TOO_MUCH` beyond 500 files
 */
export async function rewrittenFiles(
  place: UpkeepPlace,
  sandbox: Sandbox,
  tree: string,
  limits: readonly string[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = (await place.repository.listFiles(tree)).filter(
    ({ path, kind, size }) =>
      (kind === 'file' || kind === 'executable') && size <= fileLimit && isWithin(path, limits),
  )
  const { stdout } = await runProgram(
    { ...place, directory: '' },
    sandbox,
    'looking for rewritten files',
    `node -e ${quoteWord(hashing)}`,
    { stdin: JSON.stringify(files.map(({ path, objectId }) => [path, objectId])) },
  )
  const changed = z.array(z.string()).parse(JSON.parse(stdout))
  if (changed.length > mostFiles)
    throw upkeepErrors.TOO_MUCH({
      detail: `${plural(changed.length, 'file')} would be rewritten, at most ${mostFiles} fit one change`,
    })
  const known = new Set(files.map(({ path }) => path))
  const contents = new Map<string, Uint8Array>()
  for (const path of changed.filter((name) => known.has(name))) {
    const content = await sandbox.readFile(posix.join(workspaceRoot, path))
    if (content !== null && content.length <= fileLimit * 2) contents.set(path, content)
  }
  return contents
}

/** The tree with these contents in place of its own. */
export function treeWith(
  repository: Repository,
  tree: string,
  contents: ReadonlyMap<string, Uint8Array>,
): Promise<string> {
  if (contents.size === 0) return Promise.resolve(tree)
  const changes = [...contents].map(([path, content]): FileChange => ({ kind: 'write', path, content }))
  return repository.applyFileChanges(tree, changes)
}
