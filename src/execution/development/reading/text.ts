import type { Repository } from '../../repository/index.ts'
import { developmentErrors } from '../errors.ts'
import { explainAbsence } from './near-paths.ts'

/**
 * Text of a file that has to be there.
 *
 * @throws `ATL_DEVELOP_FILE_ABSENT` with the paths that were probably meant, `ATL_DEVELOP_NOT_TEXT`
 */
export async function readText(repository: Repository, tree: string, path: string): Promise<string> {
  const content = (await repository.readFiles(tree, [path])).get(path)
  if (content === undefined) throw await explainAbsence(repository, tree, path)
  return textOf(path, content)
}

/** @throws `ATL_DEVELOP_NOT_TEXT` */
export function textOf(path: string, content: Uint8Array): string {
  try {
    if (!content.includes(0))
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
  } catch {
    // Said below.
  }
  throw developmentErrors.NOT_TEXT({
    detail: `${path} holds ${content.length} bytes that are not UTF-8 text`,
  })
}
