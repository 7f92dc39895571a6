import { functionOf, isListed, isSite, neighboursOf, statementOf } from '../../syntax/index.ts'
import type { Site } from '../../syntax/index.ts'
import { insertAfter, insertBefore, removeStatement, replaceRange } from '../edits.ts'
import type { FileContext, Proposal, Template } from '../template.ts'
import { isReadableAt, namesIn } from '../visibility.ts'

/** Statements that are too much, in the wrong order, missing, or commented out. */
export const template: Template = {
  name: 'statement',
  about: 'Removes, moves, swaps or borrows statements, and restores code that was commented out.',
  fault: 'A statement is missing, too much, or in the wrong place.',
  *propose(site, context) {
    if (statementOf(site) !== site || /^(?:Import|Export|TS|Function|Class)/.test(site.node.type)) return
    yield* restored(site, context)
    yield* removed(site, context)
    yield* swapped(site, context)
    yield* movedOut(site, context)
    if (functionOf(site) !== null) yield* borrowed(site, context)
    yield* elseAdded(site, context)
  },
}

function* removed(site: Site, context: FileContext): Iterable<Proposal> {
  if (isSite(site, 'VariableDeclaration') || site.end - site.start > 400) return
  const text = context.tree.textOf(site).split('\n', 1)[0] ?? ''
  const proposal = removeStatement(site, context, {
    variant: 'remove',
    weight: isSite(site, 'ExpressionStatement', 'IfStatement') ? 0.16 : 0.06,
    description: `remove ${text}`,
  })
  if (proposal !== null) yield proposal
}

/** Two neighbours in the other order: the first destroys what the second reads. */
function* swapped(site: Site, { tree }: FileContext): Iterable<Proposal> {
  const { after } = neighboursOf(site)
  if (after === undefined || after.end - site.start > 600) return
  if (isJump(site) || isJump(after)) return
  const between = tree.text.slice(site.end, after.start)
  const first = tree.textOf(site)
  const second = tree.textOf(after)
  const linked = namesIn(first).some((name) => namesIn(second).includes(name))
  yield replaceRange(site.start, after.end, `${second}${between}${first}`, {
    variant: 'swap',
    weight: linked ? 0.35 : 0.1,
    description: `do ${shortened(second)} before ${shortened(first)}`,
  })
}

/** A statement moves behind the block it ends or before the block it begins. */
function* movedOut(site: Site, context: FileContext): Iterable<Proposal> {
  const { tree } = context
  const block = site.parent
  if (
    !isListed(site) ||
    !isSite(block, 'BlockStatement') ||
    !isSite(site, 'ExpressionStatement', 'ReturnStatement')
  )
    return
  const owner = block.parent
  if (!isSite(owner, 'IfStatement', 'ForStatement', 'ForOfStatement', 'ForInStatement', 'WhileStatement'))
    return
  if (!isListed(owner) || !isReadableAt(tree.textOf(site), owner, context, site)) return
  const text = tree.textOf(site)
  const last = site.index === block.children.length - 1
  const indentation = tree.indentationAt(owner.start)
  if (last) {
    const without = tree.text.slice(owner.start, site.start).trimEnd() + tree.text.slice(site.end, owner.end)
    yield replaceRange(owner.start, owner.end, `${without}\n${indentation}${text}`, {
      variant: 'move-out',
      weight: 0.15,
      description: `do ${shortened(text)} in any case, after the block`,
    })
  }
  if (site.index === 0 && isSite(site, 'ExpressionStatement')) {
    const without = tree.text.slice(owner.start, site.start).trimEnd() + tree.text.slice(site.end, owner.end)
    yield replaceRange(owner.start, owner.end, `${text}\n${indentation}${without}`, {
      variant: 'move-out',
      weight: 0.1,
      description: `do ${shortened(text)} in any case, before the block`,
    })
  }
}

/** A short statement of the same file, as it stands or with a name changed to one that is visible here. */
function* borrowed(site: Site, context: FileContext): Iterable<Proposal> {
  const { tree, facts } = context
  const around = functionOf(site)
  const seen = new Set<string>()
  for (const donor of facts.simpleStatements) {
    if (donor.start >= site.start && donor.end <= site.end) continue
    const same = functionOf(donor) === around
    const text = tree.textOf(donor)
    if (seen.has(text) || text.includes('\n')) continue
    const weight = same ? 0.09 : 0.03
    if (weight < context.leastWeight) return
    for (const code of adapted(text, donor, site, context)) {
      if (seen.has(code)) continue
      seen.add(code)
      const label = {
        variant: 'borrow',
        weight,
        description: `also do ${shortened(code)}, as elsewhere in the file`,
      }
      const before = insertBefore(site, code, context, label)
      if (before !== null) yield before
      const { after } = neighboursOf(site)
      if (after === undefined) {
        const last = insertAfter(site, code, context, label)
        if (last !== null) yield last
      }
    }
  }
}

/** The donor itself where it can be read, else with its one invisible name replaced. */
function adapted(text: string, donor: Site, site: Site, context: FileContext): readonly string[] {
  if (isReadableAt(text, site, context, donor)) return [text]
  const visible = context.namesAt(site)
  const strange = [...new Set(namesIn(text))].filter(
    (name) => !visible.has(name) && donor.scope.lookup(name) !== undefined,
  )
  if (strange.length !== 1 || /=>|function/.test(text)) return []
  const [name] = strange
  return context
    .ingredientsAt(site)
    .filter((ingredient) => ingredient.kind === 'name' && ingredient.origin !== 'module')
    .slice(0, 4)
    .map((ingredient) => renamed(text, name ?? '', ingredient.text))
}

/** `if` directly after an `if` that does not leave becomes `else if`. */
function* elseAdded(site: Site, { tree }: FileContext): Iterable<Proposal> {
  const { before } = neighboursOf(site)
  if (!isSite(site, 'IfStatement') || !isSite(before, 'IfStatement') || before.node.alternate) return
  const separator = /[;}]$/.test(tree.textOf(before)) ? ' else ' : '; else '
  yield replaceRange(before.end, site.start, separator, {
    variant: 'else-if',
    weight: 0.25,
    description: `test this only if ${shortened(tree.textOf(before.children[0] ?? before))} does not hold`,
  })
}

/** Commented-out code directly before a statement, or after the last one of a block, comes back. */
function* restored(site: Site, { facts }: FileContext): Iterable<Proposal> {
  if (!isListed(site) || site.parent === null) return
  const { before, after } = neighboursOf(site)
  const from = before?.end ?? site.parent.start
  const to = after === undefined ? site.parent.end : site.start
  for (const { start, end, code } of facts.commented) {
    if (start < from || end > to || (start > site.start && start < site.end)) continue
    yield replaceRange(start, end, code, {
      variant: 'restore',
      weight: 0.6,
      description: `bring back the code that was commented out: ${shortened(code)}`,
    })
  }
}

function renamed(text: string, from: string, to: string): string {
  return text.replace(new RegExp(`(?<![\\w$.])${from.replaceAll('$', '\\$')}(?![\\w$])`, 'g'), () => to)
}

function isJump(site: Site): boolean {
  return /^(?:Return|Throw|Break|Continue|Import|Export|Function|Class)/.test(site.node.type)
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > 60 ? `${line.slice(0, 57)}…` : line
}
