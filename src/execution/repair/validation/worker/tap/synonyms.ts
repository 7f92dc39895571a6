/** Other names under which versions of tap offer, or offered, their methods. */
const synonyms: Readonly<Record<string, readonly string[]>> = {
  ok: ['true', 'assert'],
  notOk: ['false', 'assertNot'],
  error: ['ifError', 'ifErr'],
  throws: ['throw'],
  doesNotThrow: ['notThrow'],
  equal: [
    'equals',
    'isEqual',
    'is',
    'strictEqual',
    'strictEquals',
    'strictIs',
    'isStrict',
    'isStrictly',
    'identical',
  ],
  not: [
    'inequal',
    'notEqual',
    'notEquals',
    'notStrictEqual',
    'notStrictEquals',
    'isNotEqual',
    'isNot',
    'doesNotEqual',
    'isInequal',
  ],
  same: [
    'equivalent',
    'looseEqual',
    'looseEquals',
    'deepEqual',
    'deepEquals',
    'isLoose',
    'looseIs',
    'isEquivalent',
  ],
  notSame: [
    'inequivalent',
    'looseInequal',
    'notDeep',
    'deepInequal',
    'notLoose',
    'looseNot',
    'notEquivalent',
    'isNotDeepEqual',
    'isNotDeeply',
    'notDeepEqual',
    'isInequivalent',
    'isNotEquivalent',
  ],
  strictSame: [
    'strictEquivalent',
    'strictDeepEqual',
    'sameStrict',
    'deepIs',
    'isDeeply',
    'isDeep',
    'strictDeepEquals',
  ],
  strictNotSame: [
    'strictInequivalent',
    'strictDeepInequal',
    'notSameStrict',
    'deepNot',
    'notDeeply',
    'strictDeepInequals',
    'notStrictSame',
  ],
  match: [
    'hasFields',
    'matches',
    'similar',
    'like',
    'isLike',
    'includes',
    'include',
    'isSimilar',
    'contains',
  ],
  notMatch: [
    'dissimilar',
    'unsimilar',
    'notSimilar',
    'unlike',
    'isUnlike',
    'notLike',
    'isNotLike',
    'doesNotHave',
    'isNotSimilar',
    'isDissimilar',
  ],
  type: ['isa', 'isA'],
  teardown: ['tearDown'],
  mock: ['mockRequire'],
  test: ['only'],
}

/** Gives every method its other names: those listed, and multi-word ones in lower and snake case. */
export function addSynonyms(prototype: object): void {
  for (const [name, others] of Object.entries(synonyms)) {
    const method = Object.getOwnPropertyDescriptor(owner(prototype, name), name)
    if (method === undefined) continue
    for (const other of [name, ...others]) {
      for (const spelling of [
        other,
        other.toLowerCase(),
        other.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      ]) {
        if (!(spelling in prototype))
          Object.defineProperty(prototype, spelling, { ...method, enumerable: false })
      }
    }
  }
}

function owner(prototype: object, name: string): object {
  let at: object | null = prototype
  while (at !== null && !Object.hasOwn(at, name)) at = Object.getPrototypeOf(at) as object | null
  return at ?? prototype
}
