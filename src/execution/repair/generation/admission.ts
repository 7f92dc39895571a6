import type { TextEdit } from '../model.ts'
import { isListed, parseText } from '../syntax/index.ts'
import type { Site, SourceTree } from '../syntax/index.ts'

/**
 * Says whether files still parse after an edit. Only the statement around the edit is parsed, inside a frame where
 * `return`, `break`, `await` and `yield` are allowed; the outcome is compared with that of the unedited statement.
 */
export class Admission {
  private readonly baseErrors = new Map<Site, number>()

  parses(tree: SourceTree, edit: TextEdit): boolean {
    const around = enclosingStatement(tree, edit)
    if (around === null) return (parseText(tree.path, applied(tree.text, 0, edit))?.errors ?? 1) === 0
    const errors = this.framedErrors(tree, applied(tree.textOf(around), around.start, edit))
    return errors !== null && errors <= this.baseline(tree, around)
  }

  private baseline(tree: SourceTree, site: Site): number {
    const cached = this.baseErrors.get(site)
    if (cached !== undefined) return cached
    const errors = this.framedErrors(tree, tree.textOf(site)) ?? 0
    this.baseErrors.set(site, errors)
    return errors
  }

  private framedErrors(tree: SourceTree, statement: string): number | null {
    const text = `async function* frame() { for (;;) { ${statement}\n} }`
    return parseText(tree.path, text)?.errors ?? null
  }
}

/** The smallest statement of a list that holds the edit, or null where none does. */
function enclosingStatement(tree: SourceTree, edit: TextEdit): Site | null {
  let found: Site | null = null
  let at: Site | undefined = tree.root
  while (at !== undefined) {
    if (
      isListed(at) &&
      at.start < edit.start &&
      edit.end < at.end &&
      !/^(?:Import|Export)/.test(at.node.type)
    )
      found = at
    at = at.children.find((child: Site) => child.start < edit.start && edit.end < child.end)
  }
  return found
}

function applied(text: string, offset: number, edit: TextEdit): string {
  return text.slice(0, edit.start - offset) + edit.replacement + text.slice(edit.end - offset)
}
