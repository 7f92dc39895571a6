import type { CallExpression, Node } from '@babel/types'

/** One check that a test makes. Texts are source without surplus white space. */
export interface Assertion {
  readonly line: number
  /** What is checked, for example `parse("1")`. */
  readonly subject: string
  /** For example `toEqual`, `not.toBe`, `to.be.ok`, `strictEqual`. */
  readonly matcher: string
  /** What it is held against; empty when the matcher takes nothing. */
  readonly expected: string
  /** How much it says, see {@link strengthOf}. */
  readonly strength: number
}

/**
 * Reads `expect(x).not.toBe(y)`, `expect(x).to.equal(y)`, `assert.equal(x, y)`, `assert(x)`, `t.is(x, y)` and
 * `x.should.equal(y)`. Only the outermost call of a chain is an assertion.
 */
export function readAssertion(call: CallExpression, text: string): Assertion | undefined {
  const line = call.loc?.start.line ?? 1
  const source = (node: Node | undefined): string =>
    node?.start == null || node.end == null
      ? ''
      : text.slice(node.start, node.end).replace(/\s+/g, ' ').trim()
  const sources = (nodes: readonly Node[]): string => nodes.map(source).join(', ')
  const make = (subject: string, matcher: string, expected: string): Assertion => ({
    line,
    subject,
    matcher,
    expected,
    strength: strengthOf(matcher, expected),
  })

  const { callee } = call
  if (callee.type === 'Identifier') {
    if (!/^(?:assert|ok|equal|deepEqual|strictEqual|deepStrictEqual)$/.test(callee.name)) return undefined
    return make(source(call.arguments[0]), callee.name, sources(call.arguments.slice(1)))
  }
  const chain = memberChain(callee)
  if (chain === undefined) return undefined
  const { root, names } = chain
  if (root.type === 'CallExpression' && root.callee.type === 'Identifier' && root.callee.name === 'expect') {
    const meaningful = names.filter((name) => !chaiWords.has(name))
    return make(
      source(root.arguments[0]),
      (meaningful.length > 0 ? meaningful : names).join('.'),
      sources(call.arguments),
    )
  }
  if (root.type === 'Identifier' && /^(?:assert|t|tt|tap|chai|should)$/.test(root.name)) {
    const matcher = names.filter((name) => name !== 'strict' && name !== 'assert').join('.')
    if (notChecks.has(matcher) || matcher === '') return undefined
    return make(source(call.arguments[0]), matcher, sources(call.arguments.slice(1)))
  }
  const should = names.indexOf('should')
  if (should < 0) return undefined
  const matcher = names.slice(should + 1).filter((name) => !chaiWords.has(name))
  return make(source(subjectOfShould(callee)), matcher.join('.'), sources(call.arguments))
}

/** Words of chai that carry no meaning of their own. */
const chaiWords = new Set(
  'to be been is that which and has have with at of same but does still also'.split(' '),
)

/** Members of `t` and `assert` that do not check anything. */
const notChecks = new Set(
  `test plan end comment pass diagnostic before after beforeEach afterEach teardown setup skip todo timeout log
   mock mock.fn mock.method mock.timers mock.timers.enable mock.timers.tick mock.module context runOnly signal name title
   beforeAll afterAll testdir fixture timeoutAfter capture intercept waitFor assertions`.split(/\s+/),
)

function memberChain(callee: Node): { readonly root: Node; readonly names: readonly string[] } | undefined {
  const names: string[] = []
  let node = callee
  while (node.type === 'MemberExpression') {
    if (node.property.type !== 'Identifier' || names.length > 16) return undefined
    names.unshift(node.property.name)
    node = node.object
  }
  return names.length === 0 ? undefined : { root: node, names }
}

function subjectOfShould(callee: Node): Node | undefined {
  let node = callee
  while (node.type === 'MemberExpression') {
    if (node.property.type === 'Identifier' && node.property.name === 'should') return node.object
    node = node.object
  }
  return undefined
}

const exact =
  /(?:^|\.)(?:toBe|toEqual|toStrictEqual|toMatchInlineSnapshot|toMatchSnapshot|toHaveBeenCalledWith|toHaveBeenLastCalledWith|toHaveBeenNthCalledWith|toHaveBeenCalledTimes|toHaveLength|toBeNull|toBeUndefined|toBeNaN|equals?|eql|eq|deepEqual|strictEqual|deepStrictEqual|is|same|strictSame|snapshot|null|undefined|true|false|lengthOf|members|calledWith|partialDeepStrictEqual)$/
const vague =
  /(?:^|\.)(?:toBeTruthy|toBeFalsy|toBeDefined|toHaveBeenCalled|toBeCalled|toBeInstanceOf|toBeTypeOf|ok|notOk|truthy|falsy|assert|exist|exists|a|an|instanceOf|typeOf|called|defined|doesNotThrow|notThrows|toThrow|toThrowError|throws|rejects|pass)$/

/** 3: says exactly what is expected. 2: says something about it. 1: nearly anything would do. */
function strengthOf(matcher: string, expected: string): number {
  if (/(?:^|\.)not(?:\.|$)|^not[A-Z]/.test(matcher) && !/doesNotThrow|notThrows/.test(matcher)) return 1
  if (/\bexpect\.(?:anything|any)\(|\bexpect\.objectContaining\(\{\s*\}\)|\bany\(/.test(expected)) return 1
  if (vague.test(matcher)) return expected === '' ? 1 : 2
  return exact.test(matcher) ? 3 : 2
}
