import { readdirSync } from 'node:fs'
import { join } from 'node:path'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { RepairProblem } from '../../model.ts'
import { python } from '../survey.ts'
import { templates } from './registry.ts'

interface Sample {
  /** What the real fix looked like, in short. */
  readonly about: string
  readonly template: string
  readonly before: string
  readonly after: string
  readonly message?: string
}

/** Two lines of the same function, the first of which is edited. */
const samples: readonly Sample[] = [
  {
    about: 'arguments in the wrong order',
    template: 'argument/swap',
    before: 'def move(source, target):\n    return copy(target, source)\n',
    after: 'def move(source, target):\n    return copy(source, target)\n',
  },
  {
    about: 'a missing order',
    template: 'argument/comparator',
    before: 'def longest(words):\n    return max(words)\n',
    after: 'def longest(words):\n    return max(words, key=len)\n',
  },
  {
    about: 'a result that is stored in the wrong place',
    template: 'assignment/target',
    before: 'def f(totals, counts, a, b):\n    counts[a, b] = totals[b] + counts[a, b]\n',
    after: 'def f(totals, counts, a, b):\n    totals[b] = totals[b] + counts[a, b]\n',
  },
  {
    about: 'a container that is changed where it should be another',
    template: 'assignment/replace',
    before: 'def f(groups, node, other):\n    groups[node].update(groups[other])\n',
    after: 'def f(groups, node, other):\n    groups[node] = groups[other]\n',
  },
  {
    about: 'a range that ends too early',
    template: 'boundary/one-more',
    before: 'def f(n):\n    return [i for i in range(1, n)]\n',
    after: 'def f(n):\n    return [i for i in range(1, n + 1)]\n',
  },
  {
    about: 'a border case with its operator',
    template: 'boundary/comparison',
    before: 'def f(items):\n    if len(items) == 0:\n        return items\n    return g(items)\n',
    after: 'def f(items):\n    if len(items) <= 1:\n        return items\n    return g(items)\n',
  },
  {
    about: 'a question that has to be asked as well',
    template: 'condition/weaken',
    before: 'def f(coins, total):\n    if total < 0:\n        return 0\n    return coins\n',
    after: 'def f(coins, total):\n    if total < 0 or not coins:\n        return 0\n    return coins\n',
  },
  {
    about: 'a loop that never ends',
    template: 'condition/replace',
    before: 'def f(queue):\n    while True:\n        queue.pop()\n',
    after: 'def f(queue):\n    while queue:\n        queue.pop()\n',
  },
  {
    about: 'a value that may be missing',
    template: 'guard/first',
    before: 'def f(node):\n    if node.next is None:\n        return False\n    return True\n',
    after: 'def f(node):\n    if node is None or node.next is None:\n        return False\n    return True\n',
    message: "AttributeError: 'NoneType' object has no attribute 'next'",
  },
  {
    about: 'a key that may be missing',
    template: 'guard/default',
    before: 'def f(counts, word):\n    return counts[word] + 1\n',
    after: 'def f(counts, word):\n    return counts.get(word, 0) + 1\n',
    message: "KeyError: 'word'",
  },
  {
    about: 'an early exit',
    template: 'guard/exit',
    before: 'def f(items):\n    first = items[0]\n    return first\n',
    after: 'def f(items):\n    if not items:\n        return None\n    first = items[0]\n    return first\n',
    message: 'IndexError: list index out of range',
  },
  {
    about: 'a list without its element',
    template: 'literal/element',
    before: 'def factors(n):\n    if n > 1:\n        return []\n    return [n]\n',
    after: 'def factors(n):\n    if n > 1:\n        return [n]\n    return [n]\n',
  },
  {
    about: 'a wrong initial value',
    template: 'literal/constant',
    before: 'def f(items):\n    total = 1\n    return total\n',
    after: 'def f(items):\n    total = 0\n    return total\n',
  },
  {
    about: 'a limit',
    template: 'nesting/limit',
    before: 'def f(best, length):\n    best = length + 1\n    return best\n',
    after: 'def f(best, length):\n    best = max(best, length + 1)\n    return best\n',
  },
  {
    about: 'a forgotten order',
    template: 'nesting/wrap',
    before: 'def f(names):\n    return list(names)\n',
    after: 'def f(names):\n    return sorted(list(names))\n',
  },
  {
    about: 'text joined the wrong way round',
    template: 'operand/exchange',
    before: 'def f(result, digit):\n    result = result + digit\n    return result\n',
    after: 'def f(result, digit):\n    result = digit + result\n    return result\n',
  },
  {
    about: 'a term too many',
    template: 'operand/drop',
    before: 'def f(x):\n    return 1 + f(x)\n',
    after: 'def f(x):\n    return f(x)\n',
  },
  {
    about: 'a term too few',
    template: 'operand/add',
    before: 'def f(above, k, smaller):\n    return f(above, k, smaller)\n',
    after: 'def f(above, k, smaller):\n    return f(above, k - smaller, smaller)\n',
  },
  {
    about: 'a parenthesis that the precedence asks for',
    template: 'operator/arithmetic',
    before: 'def f(a, b):\n    return a + b\n',
    after: 'def f(a, b):\n    return a - b\n',
  },
  {
    about: 'a bound that is not included',
    template: 'operator/comparison',
    before: 'def f(a, b):\n    return a < b\n',
    after: 'def f(a, b):\n    return a <= b\n',
  },
  {
    about: 'a generator inside of a generator',
    template: 'returning/yield-from',
    before: 'def walk(tree):\n    for item in tree:\n        yield walk(item)\n',
    after: 'def walk(tree):\n    for item in tree:\n        yield from walk(item)\n',
  },
  {
    about: 'a missing return',
    template: 'returning/missing-return',
    before: 'def f(n):\n    f(n - 1)\n',
    after: 'def f(n):\n    return f(n - 1)\n',
  },
  {
    about: 'a part of a list',
    template: 'slicing/part',
    before: 'def f(items, k):\n    heap = items[:k]\n    for x in items:\n        heap.append(x)\n',
    after: 'def f(items, k):\n    heap = items[:k]\n    for x in items[k:]:\n        heap.append(x)\n',
  },
  {
    about: 'a missing update at the end of a body',
    template: 'statement/update',
    before: 'def f(tokens):\n    stack = []\n    for token in tokens:\n        g(token)\n    return stack\n',
    after:
      'def f(tokens):\n    stack = []\n    for token in tokens:\n        g(token)\n        stack.append(token)\n    return stack\n',
  },
  {
    about: 'a statement that stands too deep',
    template: 'statement/dedent',
    before: 'def f(items):\n    n = 0\n    for x in items:\n        n += x\n        print(n)\n    return n\n',
    after: 'def f(items):\n    n = 0\n    for x in items:\n        n += x\n    print(n)\n    return n\n',
  },
  {
    about: 'the wrong variable',
    template: 'substitution/name',
    before:
      'def f(numbers, counts):\n    for number in numbers:\n        counts[number] += 1\n    return numbers\n',
    after:
      'def f(numbers, counts):\n    for number in numbers:\n        counts[number] += 1\n    return counts\n',
  },
  {
    about: 'the wrong attribute',
    template: 'substitution/attribute',
    before: 'def f(node, seen):\n    g(node.incoming)\n    return seen.issuperset(node.outgoing)\n',
    after: 'def f(node, seen):\n    g(node.incoming)\n    return seen.issuperset(node.incoming)\n',
  },
  {
    about: 'the other quantifier',
    template: 'substitution/function',
    before: 'def prime(n, primes):\n    return any(n % p for p in primes)\n',
    after: 'def prime(n, primes):\n    return all(n % p for p in primes)\n',
  },
]

async function candidatesFor(text: string, message = 'assert 1 == 2') {
  const failing = { id: 'tests/test_a.py > test_a', name: 'test_a', outcome: 'failed' as const, message }
  const problem: RepairProblem = {
    sources: [{ path: 'a.py', text }],
    tests: [],
    reproduction: {
      failing: [failing],
      passing: [],
      failingFiles: ['tests/test_a.py'],
      testFiles: ['tests/test_a.py'],
    },
  }
  const survey = await python.survey(problem)
  return (await survey.generate()).take(20_000)
}

function applied(
  text: string,
  edits: readonly { start: number; end: number; replacement: string }[],
): string {
  return edits.reduce((at, edit) => at.slice(0, edit.start) + edit.replacement + at.slice(edit.end), text)
}

describe('templates for Python', () => {
  it.each(samples)('know $about', async ({ before, after, template, message }) => {
    const candidates = await candidatesFor(before, message)
    const found = candidates.filter(({ edits }) => applied(before, edits) === after)
    expect(found.map((candidate) => candidate.template)).toContain(template)
  })

  it('are all listed, by the names of their files', () => {
    const files = readdirSync(join(import.meta.dirname, 'templates')).map((file) =>
      file.slice(0, -'.ts'.length),
    )
    expect(templates.map(({ name }) => name).sort()).toEqual(files.sort())
  })

  it('put what holds together loosely in parentheses', async () => {
    const before = 'def f(a, b, c):\n    return (a + b) * c\n'
    const texts = (await candidatesFor(before)).map(({ edits }) => applied(before, edits))
    expect(texts).not.toContain('def f(a, b, c):\n    return a - b * c\n')
    expect(texts).toContain(
      'def f(a, b, c):\n    return c * (a + b) - 1\n'.replace('c * (a + b)', '(a + b) * c'),
    )
  })

  it('survive any text, and edit inside of it', async () => {
    const pieces = fc.constantFrom(
      'def f(x):',
      '    ',
      '\n',
      'if x',
      ':',
      '(',
      ')',
      'é😀',
      "'",
      'return',
      '\t',
      '[',
      'x',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 30 }), async (parts) => {
        const text = parts.join(' ')
        for (const { edits } of await candidatesFor(text))
          for (const { start, end } of edits) {
            expect(start).toBeGreaterThanOrEqual(0)
            expect(end).toBeLessThanOrEqual(text.length)
            expect(start).toBeLessThanOrEqual(end)
          }
      }),
      { numRuns: 30 },
    )
  })
})
