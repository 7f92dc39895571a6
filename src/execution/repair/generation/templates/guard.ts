import {
  functionOf,
  isFunctionNode,
  isListed,
  isSite,
  loopOf,
  precedence,
  statementOf,
} from '../../syntax/index.ts'
import type { Site } from '../../syntax/index.ts'
import { conditional, insertBefore, isBranch, replaceRange } from '../edits.ts'
import { absenceGuards, optionGuards, presenceGuards } from '../guards.ts'
import type { Guard } from '../guards.ts'
import { soundsLikeOptions } from '../project-facts.ts'
import type { FileContext, Proposal, Template } from '../template.ts'
import { isReadableAt, mentions } from '../visibility.ts'

/** A way to leave: the statement, its share, and what it is called. */
interface Exit {
  readonly code: string
  readonly share: number
  readonly variant: string
}

/** Missing early exits, and statements that should run only sometimes. */
export const template: Template = {
  name: 'guard',
  about:
    'Puts an early return, continue, break or throw before a statement, or the statement under a condition.',
  fault: 'A case that needs to be treated apart is not told apart.',
  *propose(site, context) {
    if (statementOf(site) !== site || (!isListed(site) && !isBranch(site))) return
    if (functionOf(site) === null && loopOf(site) === null) return
    if (/^(?:Function|Class|Import|Export|TS|Empty|Break|Continue)/.test(site.node.type)) return
    yield* earlyExits(site, context)
    yield* wrapped(site, context)
  },
}

function* earlyExits(site: Site, context: FileContext): Iterable<Proposal> {
  const exits = exitsAt(site, context)
  for (const guard of guardsAt(site, context)) {
    for (const exit of exits) {
      const weight = guard.weight * exit.share
      if (weight < context.leastWeight) continue
      const proposal = insertBefore(site, conditional(guard.text, exit.code, context), context, {
        variant: exit.variant,
        weight,
        description: `${exit.code} when ${guard.text}`,
      })
      if (proposal !== null) yield proposal
    }
  }
}

/** Conditions on what the statement uses; at the beginning of a function also on its parameters. */
function* guardsAt(site: Site, context: FileContext): Iterable<Guard> {
  const own = context.tree.text.slice(site.start, Math.min(site.end, site.start + 200))
  const around = site.parent?.parent
  const first = site.index === 0 && around !== null && around !== undefined && isFunctionNode(around.node)
  const declared = declaredJustBefore(site)
  const ingredients = context.ingredientsAt(site)
  for (const ingredient of ingredients.slice(0, 12)) {
    if (ingredient.shape === 'function' && ingredient.origin === 'module') continue
    const fresh = declared.has(ingredient.text) ? 1.5 : 1
    const used = mentions(own, ingredient.text) ? 1 : 0.35
    const entry = first && ingredient.origin === 'parameter' ? 1.4 : 1
    const share = ingredient.relevance * used * fresh * entry
    for (const guard of absenceGuards(ingredient, context)) {
      yield { ...guard, weight: Math.min(1, guard.weight * share) }
    }
    if (ingredient.shape === 'boolean' || ingredient.shape === 'unknown') {
      yield { text: ingredient.text, precedence: precedence.call, weight: 0.12 * share }
    }
  }
  const bags = ingredients.filter((ingredient) => soundsLikeOptions(ingredient.text)).slice(0, 2)
  for (const guard of optionGuards(bags, context)) {
    yield { ...guard, weight: guard.weight * (first ? 1 : 0.35) }
  }
  yield* borrowedGuards(site, context)
}

/** Conditions that stand elsewhere in the function say what matters there. */
function* borrowedGuards(site: Site, context: FileContext): Iterable<Guard> {
  const around = functionOf(site)
  const seen = new Set<string>()
  for (const condition of context.facts.conditions) {
    if (functionOf(condition) !== around) continue
    const text = context.tree.textOf(condition)
    if (text.includes('\n') || text.length > 80 || seen.has(text)) continue
    if (!isReadableAt(text, site, context, condition)) continue
    seen.add(text)
    yield { text, precedence: precedence.sequence, weight: text.includes('&&') ? 0.14 : 0.09 }
  }
}

function exitsAt(site: Site, context: FileContext): readonly Exit[] {
  const exits: Exit[] = []
  const seen = new Set<string>()
  const offer = (code: string, share: number, variant = 'return-early'): void => {
    if (seen.has(code)) return
    seen.add(code)
    exits.push({ code, share, variant })
  }
  if (loopOf(site) !== null) {
    offer('continue', 0.6, 'continue')
    offer('break', 0.2, 'break')
  }
  const around = functionOf(site)
  if (around === null) return exits
  const returned = context.facts.returns.get(around) ?? []
  offer('return', returned.length === 0 ? 0.6 : 0.12)
  returned.slice(0, 6).forEach((value, rank) => {
    if (!value.includes('\n') && isReadableAt(value, site, context))
      offer(`return ${value}`, 0.5 / (1 + rank * 0.3))
  })
  for (const [value, share] of constantExits(returned, context)) offer(`return ${value}`, share)
  const ingredients = context
    .ingredientsAt(site)
    .filter((ingredient) => ingredient.shape !== 'function' || ingredient.origin === 'this')
  ingredients
    .slice(0, 10)
    .forEach((ingredient, rank) =>
      offer(`return ${ingredient.text}`, (0.32 * ingredient.relevance) / (1 + rank * 0.2)),
    )
  // What an object holds is what its methods give when they are asked for nothing else.
  for (const { text, origin } of ingredients.slice(10)) if (origin === 'this') offer(`return ${text}`, 0.05)
  for (const value of context.facts.constructions) offer(`return ${value}`, 0.06)
  if (context.vocabulary.missingError) {
    offer(`throw new TypeError(${emptyString(context)})`, 0.2, 'throw')
    offer(`throw new Error(${emptyString(context)})`, 0.2, 'throw')
  }
  return exits
}

function constantExits(
  returned: readonly string[],
  context: FileContext,
): readonly (readonly [value: string, share: number])[] {
  const booleans = returned.some((value) => value === 'true' || value === 'false')
  return [
    ['false', booleans ? 0.5 : 0.25],
    ['true', booleans ? 0.5 : 0.2],
    ['null', 0.12],
    ['undefined', 0.04],
    [emptyString(context), 0.12],
    ['[]', 0.08],
    ['{}', 0.06],
    ['0', 0.06],
  ]
}

/** `if (x) statement`, where a statement does harm in some cases. */
function* wrapped(site: Site, context: FileContext): Iterable<Proposal> {
  if (!isListed(site) || !isSite(site, 'ExpressionStatement') || site.end - site.start > 160) return
  const { tree, style } = context
  const text = tree.textOf(site)
  const indentation = tree.indentationAt(site.start)
  for (const ingredient of context.ingredientsAt(site).slice(0, 10)) {
    if (ingredient.shape === 'function' && ingredient.origin === 'module') continue
    const used = mentions(text, ingredient.text) ? 1 : 0.4
    for (const guard of presenceGuards(ingredient, context)) {
      const weight = guard.weight * ingredient.relevance * used * 0.5
      if (weight < context.leastWeight) continue
      const body = text.replaceAll('\n', `\n${style.indent}`)
      const replacement = style.braces
        ? `if (${guard.text}) {\n${indentation}${style.indent}${body}\n${indentation}}`
        : `if (${guard.text}) ${text}`
      yield replaceRange(site.start, site.end, replacement, {
        variant: 'only-if',
        weight,
        description: `do this only if ${guard.text}`,
      })
    }
  }
}

function declaredJustBefore(site: Site): ReadonlySet<string> {
  const before = site.parent?.children.find(
    (child) => child.key === site.key && child.index === site.index - 1,
  )
  if (!isSite(before, 'VariableDeclaration')) return new Set()
  return new Set(
    before.node.declarations.flatMap((declarator) =>
      declarator.id.type === 'Identifier' ? [declarator.id.name] : [],
    ),
  )
}

function emptyString(context: FileContext): string {
  return context.style.quote.repeat(2)
}
