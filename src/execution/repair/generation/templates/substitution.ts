import { isPure, isSite, isValue, precedence } from '../../syntax/index.ts'
import type { Site } from '../../syntax/index.ts'
import { replaceExpression, replaceRange } from '../edits.ts'
import { namesAlike } from '../similarity.ts'
import { shapeOf } from '../shapes.ts'
import type { FileContext, Proposal, Template } from '../template.ts'

/** Methods that are taken for each other. */
const relatives: readonly (readonly string[])[] = [
  ['indexOf', 'lastIndexOf', 'search'],
  ['indexOf', 'findIndex'],
  ['slice', 'substring', 'substr', 'splice'],
  ['some', 'every', 'find', 'filter'],
  ['find', 'findLast', 'findIndex', 'filter'],
  ['forEach', 'map', 'filter', 'some'],
  ['push', 'unshift', 'concat'],
  ['pop', 'shift'],
  ['min', 'max'],
  ['floor', 'ceil', 'round', 'trunc'],
  ['toLowerCase', 'toUpperCase', 'toLocaleLowerCase', 'toLocaleUpperCase'],
  ['startsWith', 'endsWith', 'includes'],
  ['trim', 'trimStart', 'trimEnd'],
  ['keys', 'values', 'entries', 'getOwnPropertyNames'],
  ['call', 'apply', 'bind'],
  ['replace', 'replaceAll'],
  ['test', 'exec', 'match'],
  ['padStart', 'padEnd'],
  ['getFullYear', 'getUTCFullYear', 'getYear'],
  ['getMonth', 'getUTCMonth'],
  ['getDate', 'getUTCDate', 'getDay', 'getUTCDay'],
  ['getHours', 'getUTCHours'],
  ['getMinutes', 'getUTCMinutes'],
  ['setHours', 'setUTCHours'],
  ['setMonth', 'setUTCMonth'],
  ['setDate', 'setUTCDate'],
  ['charAt', 'charCodeAt', 'codePointAt', 'at'],
  ['then', 'catch', 'finally'],
  ['on', 'once'],
  ['appendChild', 'prepend'],
  ['resolve', 'join', 'normalize'],
  ['isInteger', 'isSafeInteger', 'isFinite', 'isNaN'],
  ['parseInt', 'parseFloat', 'Number'],
  ['encodeURIComponent', 'encodeURI', 'escape'],
  ['decodeURIComponent', 'decodeURI', 'unescape'],
  ['setTimeout', 'setImmediate'],
]

/** The wrong one: another variable, property, method or constant was meant. */
export const template: Template = {
  name: 'substitution',
  about: 'Reads another variable, property or method than the one written.',
  fault: 'The wrong variable, property or method is used.',
  *propose(site, context) {
    if (!isValue(site)) return
    if (isSite(site, 'Identifier')) yield* otherName(site, context)
    else if (isSite(site, 'MemberExpression', 'OptionalMemberExpression')) {
      yield* otherProperty(site, context)
      yield* otherMember(site, context)
    }
  },
}

function* otherName(site: Site, context: FileContext): Iterable<Proposal> {
  if (!isSite(site, 'Identifier')) return
  const { name } = site.node
  const called = site.key === 'callee'
  const shorthand = isSite(site.parent, 'ObjectProperty') && site.parent.node.shorthand
  const shape = called ? 'function' : (context.facts.shapes.get(name) ?? 'unknown')
  let rank = 0
  for (const ingredient of context.ingredientsAt(site)) {
    if (ingredient.text === name || ingredient.text.startsWith(`${name}.`)) continue
    if (
      called
        ? ingredient.shape !== 'function'
        : ingredient.shape === 'function' && ingredient.origin === 'module'
    )
      continue
    const clash = shape !== 'unknown' && ingredient.shape !== 'unknown' && shape !== ingredient.shape
    const alike = namesAlike(name, ingredient.text)
    const weight = (0.3 * (ingredient.relevance + alike * 0.8) * (clash ? 0.15 : 1)) / (1 + rank * 0.12)
    rank += 1
    if (weight < context.leastWeight || rank > 24) continue
    yield replaceExpression(
      site,
      shorthand ? `${name}: ${ingredient.text}` : ingredient.text,
      precedence.call,
      {
        variant: 'name',
        weight,
        description: `use ${ingredient.text} instead of ${name}`,
      },
    )
  }
  for (const relative of relativesOf(name)) {
    if (site.scope.lookup(relative) !== undefined || !called) continue
    yield replaceExpression(site, relative, precedence.call, {
      variant: 'function',
      weight: 0.2,
      description: `call ${relative} instead of ${name}`,
    })
  }
  if (called || shorthand) return
  yield* memberOfName(site, name, context)
}

/** `x` becomes `x.y`, for properties that are read off it elsewhere. */
function* memberOfName(site: Site, name: string, context: FileContext): Iterable<Proposal> {
  for (const property of [...(context.facts.propertiesOf.get(name) ?? [])].slice(0, 8)) {
    const spoken = context.vocabulary.names.get(property) ?? 0
    yield replaceExpression(site, `${name}.${property}`, precedence.call, {
      variant: 'add-property',
      weight: 0.08 + spoken * 0.08,
      description: `use ${name}.${property} instead of ${name}`,
    })
  }
}

function* otherProperty(site: Site, context: FileContext): Iterable<Proposal> {
  if (!isSite(site, 'MemberExpression', 'OptionalMemberExpression') || site.node.computed) return
  const [object, property] = site.children
  if (object === undefined || !isSite(property, 'Identifier')) return
  const { name } = property.node
  const called = site.key === 'callee'
  const offered = new Set([name])
  const offer = function* (other: string, weight: number, variant: string): Iterable<Proposal> {
    if (offered.has(other) || weight < context.leastWeight) return
    offered.add(other)
    const description = `use .${other} instead of .${name}`
    yield replaceRange(property.start, property.end, other, { variant, weight, description })
  }
  for (const relative of relativesOf(name)) yield* offer(relative, called ? 0.35 : 0.1, 'method')
  const objectText = context.tree.textOf(object)
  for (const other of context.facts.propertiesOf.get(objectText) ?? []) {
    const alike = namesAlike(name, other)
    yield* offer(other, 0.15 + alike * 0.3 + (context.vocabulary.names.get(other) ?? 0) * 0.15, 'property')
  }
  for (const other of context.vocabulary.keys.slice(0, 12)) {
    if (/^[A-Za-z_$][\w$]*$/.test(other))
      yield* offer(other, 0.06 + namesAlike(name, other) * 0.2, 'property')
  }
  let rest = 0
  for (const other of context.facts.properties.keys()) {
    const alike = namesAlike(name, other)
    if (alike < 0.4) continue
    yield* offer(other, alike * 0.2, 'property')
    rest += 1
    if (rest > 12) break
  }
  if (!called) {
    yield replaceExpression(site, objectText, precedence.call, {
      variant: 'drop-property',
      weight: 0.15,
      description: `use ${objectText} itself instead of its .${name}`,
    })
  }
}

/** A whole member becomes another expression that is read nearby. */
function* otherMember(site: Site, context: FileContext): Iterable<Proposal> {
  if (site.key === 'callee' || !isPure(site.node)) return
  const text = context.tree.textOf(site)
  if (text.length > 60) return
  const shape = shapeOf(site.node)
  let rank = 0
  for (const ingredient of context.ingredientsAt(site)) {
    if (ingredient.text === text || ingredient.shape === 'function') continue
    const clash = shape !== 'unknown' && ingredient.shape !== 'unknown' && shape !== ingredient.shape
    const weight =
      (0.16 * (ingredient.relevance + namesAlike(text, ingredient.text) * 0.5) * (clash ? 0.15 : 1)) /
      (1 + rank * 0.15)
    rank += 1
    if (rank > 16) break
    if (weight < context.leastWeight) continue
    yield replaceExpression(site, ingredient.text, precedence.call, {
      variant: 'member',
      weight,
      description: `use ${ingredient.text} instead of ${text}`,
    })
  }
}

function relativesOf(name: string): readonly string[] {
  return [...new Set(relatives.filter((family) => family.includes(name)).flat())].filter(
    (other) => other !== name,
  )
}
