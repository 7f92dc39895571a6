import { joinedTerm, termsOfWord, wordsOf } from './terms.ts'

/** What is looked for. */
export interface Query {
  /** Terms with the weight of their occurrences, the most telling of the text first. */
  readonly terms: ReadonlyMap<string, number>
  /** Terms of identifiers that the text names, such as `parseDate`. */
  readonly identifiers: ReadonlySet<string>
  /** Terms of neighbouring words written together: `data loader` may mean `DataLoader`. */
  readonly glued: ReadonlySet<string>
  /** Paths that the text names. */
  readonly paths: readonly string[]
}

const maxTerms = 96
const maxWords = 4_000
const titleWeight = 2

/** Words of English and of issue trackers that say nothing about code. */
const silent = new Set(
  `a about above after again all also am an and any are as at be because been before being below between both but by
   can cannot could did do does doing done down during each etc few for from further get gets got had has have having
   he her here hers him his how i if in into is it its itself just let like make makes may me might more most must my
   no nor not now of off on once one only or other our out over own please same she should so some such than that the
   their them then there these they this those through to too under until up us use used uses using very was we were
   what when where which while who why will with would you your
   fix fixes fixed fixing close closes closed resolve resolves resolved bug bugs issue issues problem pr pull request
   co authored signed ref refs see http https www com org github io md vs via ie eg`
    .split(/\s+/)
    .flatMap(termsOfWord),
)

/** Reads an issue, a question or a few words. */
export function parseQuery(title: string, body = ''): Query {
  const terms = new Map<string, number>()
  const identifiers = new Set<string>()
  const glued = new Set<string>()
  for (const { text, weight } of [
    { text: title, weight: titleWeight },
    { text: body, weight: 1 },
  ]) {
    let before: string | undefined
    for (const word of wordsOf(text).slice(0, maxWords)) {
      const own = termsOfWord(word)
      const spoken = own.filter((term) => !silent.has(term))
      for (const term of spoken) terms.set(term, (terms.get(term) ?? 0) + weight)
      const whole = own.at(-1)
      if (own.length > 1 && whole !== undefined) identifiers.add(whole)
      if (before !== undefined && spoken.length > 0) glued.add(joinedTerm([before, word]))
      before = spoken.length > 0 ? word : undefined
    }
  }
  for (const term of glued) if (terms.has(term)) glued.delete(term)
  return {
    terms: new Map([...terms].toSorted((a, b) => b[1] - a[1]).slice(0, maxTerms)),
    identifiers,
    glued: new Set([...glued].slice(0, maxTerms)),
    paths: pathsOf(`${title}\n${body}`),
  }
}

function pathsOf(text: string): readonly string[] {
  const found =
    text.slice(0, 200_000).match(/(?<![\w./-])[\w@-][\w@./-]{0,200}\.[A-Za-z]{1,6}(?![\w/])/g) ?? []
  return [...new Set(found)].slice(0, 50)
}
