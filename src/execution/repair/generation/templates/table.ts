import { childAt, childrenAt, isSite, isValue, quoted } from '../../syntax/index.ts'
import type { Site } from '../../syntax/index.ts'
import { replaceRange } from '../edits.ts'
import type { FileContext, Proposal, Template } from '../template.ts'

/** Tables: entries of lists and objects that are missing or too much. */
export const template: Template = {
  name: 'table',
  about: 'Adds or removes an entry of a list or an object, or keeps inherited properties out of a table.',
  fault: 'A table has the wrong entries.',
  *propose(site, context) {
    if (!isValue(site)) return
    if (isSite(site, 'ArrayExpression')) yield* lists(site, context)
    else if (isSite(site, 'ObjectExpression')) yield* objects(site, context)
  },
}

function* lists(site: Site, context: FileContext): Iterable<Proposal> {
  const { tree, style, vocabulary } = context
  const elements = childrenAt(site, 'elements')
  const last = elements.at(-1)
  if (last === undefined) return
  const values = elements.flatMap((element) => (isSite(element, 'StringLiteral') ? [element.node.value] : []))
  if (values.length > 0 && values.length === elements.length) {
    const known = new Set(values)
    for (const text of entriesLike(values, vocabulary.strings)) {
      if (known.has(text)) continue
      yield replaceRange(last.end, last.end, `, ${quoted(text, style)}`, {
        variant: 'add-entry',
        weight: values.length > 1 ? 0.5 : 0.25,
        description: `add ${JSON.stringify(text)} to the list`,
      })
    }
  }
  if (elements.length > 12) return
  for (const [index, element] of elements.entries()) {
    const before = elements[index - 1]
    const after = elements[index + 1]
    const start = before === undefined ? element.start : before.end
    const end = before === undefined && after !== undefined ? after.start : element.end
    yield replaceRange(start, end, '', {
      variant: 'remove-entry',
      weight: 0.05,
      description: `remove ${tree.textOf(element).slice(0, 40)} from the list`,
    })
  }
}

/** Texts of the tests, or words in them, that look like the entries of a list. */
function entriesLike(values: readonly string[], texts: readonly string[]): readonly string[] {
  const prefix = /^[^\w\s]+/.exec(values[0] ?? '')?.[0] ?? ''
  const prefixed = prefix !== '' && values.every((value) => value.startsWith(prefix))
  const longest = Math.max(...values.map((value) => value.length)) + 6
  const found = new Set<string>()
  for (const text of texts.slice(0, 200)) {
    const words = [text, ...text.split(/[\s"'`,;()[\]{}]+/)]
    for (const word of words) {
      const matches = prefixed
        ? word.startsWith(prefix) && /\w/.test(word) && !/\s/.test(word)
        : sameKind(word, values)
      if (word !== '' && word.length <= longest && matches) found.add(word)
    }
  }
  return [...found].slice(0, 12)
}

function sameKind(word: string, values: readonly string[]): boolean {
  const patterns = [/^[a-z]+$/, /^[A-Z][a-z]+$/, /^[A-Z_]+$/, /^[\w-]+$/, /^\W+$/]
  return patterns.some((pattern) => pattern.test(word) && values.every((value) => pattern.test(value)))
}

function* objects(site: Site, context: FileContext): Iterable<Proposal> {
  const { tree } = context
  const properties = childrenAt(site, 'properties')
  const [first] = properties
  const last = properties.at(-1)
  if (first === undefined || last === undefined) return
  const stored = isSite(site.parent, 'ObjectProperty', 'VariableDeclarator', 'AssignmentExpression')
  if (stored && properties.every((property) => isSite(property, 'ObjectProperty'))) {
    const multiline = tree.lineOf(first.start) !== tree.lineOf(site.start)
    const separator = multiline ? `\n${tree.indentationAt(first.start)}` : ' '
    yield replaceRange(first.start, first.start, `__proto__: null,${separator}`, {
      variant: 'no-prototype',
      weight: properties.some((property) => isSite(childAt(property, 'key'), 'StringLiteral')) ? 0.25 : 0.05,
      description: 'keep inherited properties such as "constructor" out of the table',
    })
  }
  const keys = new Set(
    properties.flatMap((property) => {
      const key = childAt(property, 'key')
      return key === undefined ? [] : [tree.textOf(key).replace(/^['"]|['"]$/g, '')]
    }),
  )
  for (const [rank, key] of context.vocabulary.keys.slice(0, 12).entries()) {
    if (keys.has(key) || !/^[A-Za-z_$][\w$]*$/.test(key)) continue
    for (const value of valuesFor(key, site, context)) {
      yield replaceRange(last.end, last.end, `, ${value === key ? key : `${key}: ${value}`}`, {
        variant: 'add-property',
        weight: 0.16 / (1 + rank * 0.2),
        description: `also set ${key}`,
      })
    }
  }
  if (properties.length > 12) return
  for (const [index, property] of properties.entries()) {
    const before = properties[index - 1]
    const after = properties[index + 1]
    const start = before === undefined ? property.start : before.end
    const end = before === undefined && after !== undefined ? after.start : property.end
    yield replaceRange(start, end, '', {
      variant: 'remove-property',
      weight: 0.04,
      description: `do not set ${tree.textOf(property).split(/[:(\s]/, 1)[0] ?? 'it'}`,
    })
  }
}

/** What could be stored under a key: a name that sounds like it, `x.key`, or the usual constants. */
function valuesFor(key: string, site: Site, context: FileContext): readonly string[] {
  const values = ['true', 'false']
  for (const ingredient of context.ingredientsAt(site).slice(0, 20)) {
    if (ingredient.text === key || ingredient.text.endsWith(`.${key}`)) values.unshift(ingredient.text)
    else if (
      ingredient.kind === 'name' &&
      ingredient.shape !== 'function' &&
      ingredient.origin !== 'module' &&
      values.length < 8
    ) {
      values.push(`${ingredient.text}.${key}`)
    }
  }
  return values
}
