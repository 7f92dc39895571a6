import { readIssueText, type Zone } from './issue-text.ts'
import { joinedTerm, termsOfWord, wordsOf } from './terms.ts'

/** What is looked for. */
export interface Query {
  /** Terms with their weights, the weightiest first. */
  readonly terms: ReadonlyMap<string, number>
  /** Terms of the title alone. */
  readonly title: ReadonlySet<string>
  /** Terms of the part of the code that the title begins with: `net` of `net: reset the timer` or `fix(net): …`. */
  readonly scope: ReadonlySet<string>
  /** Terms of identifiers that the text names, such as `parseDate`. */
  readonly identifiers: ReadonlySet<string>
  /** Terms of neighbouring words written together: `data loader` may mean `DataLoader`. */
  readonly glued: ReadonlySet<string>
  /** Paths that the text names. */
  readonly paths: readonly string[]
  /** Paths in its stack traces. */
  readonly frames: readonly string[]
}

const maxTerms = 96
const maxWords = 4_000
const zoneWeights: Readonly<Record<Zone | 'title', number>> = {
  title: 2,
  marked: 1.2,
  prose: 1,
  failure: 0.7,
  pasted: 0.35,
  environment: 0.1,
}
/** How often a term must be said in a zone to count one and a half times as much as once. */
const halfRepeated = 1

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
  const { parts, named, framed } = readIssueText(body)
  const counter = new WeightedTerms()
  counter.add('title', title)
  for (const { zone, text } of parts) counter.add(zone, text)
  const { terms, glued } = counter
  for (const term of glued) if (terms.has(term)) glued.delete(term)
  return {
    terms: new Map([...terms].toSorted((a, b) => b[1] - a[1]).slice(0, maxTerms)),
    title: spokenTerms(title),
    scope: spokenTerms(scopeOf(title)),
    identifiers: counter.identifiers,
    glued: new Set([...glued].slice(0, maxTerms)),
    paths: [...new Set([...readIssueText(title).named, ...named])],
    frames: framed,
  }
}

function spokenTerms(text: string): ReadonlySet<string> {
  return new Set(
    wordsOf(text)
      .flatMap(termsOfWord)
      .filter((term) => !silent.has(term)),
  )
}

/** What stands before the colon of a title, of which `fix(net)` is `net`. */
function scopeOf(title: string): string {
  const [, kind = '', scope] =
    /^\s*\[?([\w ,/.&*-]{1,50})(?:\(([^()]{1,60})\))?\]?!?:?(?<=[:\]])\s/.exec(title) ?? []
  return scope ?? kind
}

/** Counts terms by zone: what is said again counts more, but ever less so. */
class WeightedTerms {
  readonly identifiers = new Set<string>()
  readonly glued = new Set<string>()
  readonly #counts = new Map<Zone | 'title', Map<string, number>>()
  readonly #words = new Map<Zone | 'title', number>()

  add(zone: Zone | 'title', text: string): void {
    const used = this.#words.get(zone) ?? 0
    const words = wordsOf(text).slice(0, Math.max(0, maxWords - used))
    this.#words.set(zone, used + words.length)
    let counts = this.#counts.get(zone)
    if (counts === undefined) this.#counts.set(zone, (counts = new Map<string, number>()))
    const isPasted = zone === 'pasted' || zone === 'environment'
    let before: string | undefined
    for (const word of words) {
      const own = termsOfWord(word)
      const spoken = own.filter((term) => !silent.has(term))
      for (const term of spoken) counts.set(term, (counts.get(term) ?? 0) + 1)
      const whole = own.at(-1)
      if (own.length > 1 && whole !== undefined && zone !== 'environment') this.identifiers.add(whole)
      if (before !== undefined && spoken.length > 0 && !isPasted) this.glued.add(joinedTerm([before, word]))
      before = spoken.length > 0 ? word : undefined
    }
  }

  get terms(): ReadonlyMap<string, number> {
    const terms = new Map<string, number>()
    for (const [zone, counts] of this.#counts)
      for (const [term, count] of counts) {
        const repeated = (count - 1) / (count - 1 + halfRepeated)
        terms.set(term, (terms.get(term) ?? 0) + zoneWeights[zone] * (1 + repeated))
      }
    return terms
  }
}
