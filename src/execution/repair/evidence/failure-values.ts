/** A value that a failing assertion expected, and what it got instead; text as the runner printed it. */
export interface ValuePair {
  readonly expected: string
  readonly actual: string
}

/** What a failure message says beyond its words. */
export interface FailureSigns {
  readonly pairs: readonly ValuePair[]
  /** Kind of crash, if the test ended in an error that is not an assertion: `TypeError`, `RangeError` … */
  readonly crash: string | null
  /** Names that the crash message mentions: the property read from undefined, the name that is no function. */
  readonly crashNames: readonly string[]
  /** Whether the program went on when an error was expected. */
  readonly missingError: boolean
}

/** Reads expected and actual values and the kind of crash out of a failure message of any of the known runners. */
export function readFailure(message: string): FailureSigns {
  const text = message.replace(/\u001b\[[0-9;]*m/g, '').slice(0, 20_000)
  const crash =
    /\b((?:Type|Range|Reference|Syntax|URI|Internal|Attribute|Key|Index|Name|Value|Lookup|ZeroDivision|UnboundLocal)Error)\b/.exec(
      text,
    )?.[1] ?? null
  return {
    pairs: [...inlinePairs(text), ...labelledPairs(text), ...diffPairs(text)].slice(0, 200),
    crash,
    crashNames: crash === null ? [] : crashNames(text),
    missingError:
      /did not (?:throw|raise)|not raised|Missing expected (?:exception|rejection)|expected .{0,60} to (?:throw|reject)/i.test(
        text,
      ),
  }
}

function crashNames(text: string): readonly string[] {
  const names: string[] = []
  const patterns = [
    /\(reading '([^']+)'\)/g,
    /\(setting '([^']+)'\)/g,
    /Cannot (?:read|set) property '([^']+)'/g,
    /([\w$.]+)(?:\(\.\.\.\))? is not a (?:function|constructor)/g,
    /([\w$.]+) is not (?:iterable|defined)/g,
    /Cannot destructure property '([^']+)'/g,
    /has no attribute '([^']+)'/g,
    /(?:name|variable) '([^']+)' (?:is not|referenced|where)/g,
    /KeyError: '([^']+)'/g,
  ]
  for (const pattern of patterns) {
    for (const match of text.matchAll(pattern)) names.push(...(match[1] ?? '').split('.'))
  }
  return names.filter((name) => name !== '')
}

/** `'a' !== 'b'`, `expected 'a' to equal 'b'`. */
function inlinePairs(text: string): readonly ValuePair[] {
  const pairs: ValuePair[] = []
  for (const match of text.matchAll(/^\s*(\S.{0,300}?) (?:!==|!=|===|==) (\S.{0,300})$/gm)) {
    pairs.push({ actual: unquote(match[1] ?? ''), expected: unquote(match[2] ?? '') })
  }
  for (const match of text.matchAll(
    /expected (.{1,200}?) to (?:deeply |strictly )*(?:equal|be|eql) (.{1,200})$/gm,
  )) {
    pairs.push({ actual: unquote(match[1] ?? ''), expected: unquote(match[2] ?? '') })
  }
  return pairs
}

/** `Expected: …` / `Received: …` (Jest), `wanted` / `found` (tap), `expected` / `actual` (tape, node:test). */
function labelledPairs(text: string): readonly ValuePair[] {
  const expected = [
    ...text.matchAll(/^\s*(?:Expected(?: value)?|wanted|expected)[^:\n]{0,40}:\s*(\S.{0,2000})$/gm),
  ]
  const actual = [
    ...text.matchAll(/^\s*(?:Received(?: value)?|found|actual)[^:\n]{0,40}:\s*(\S.{0,2000})$/gm),
  ]
  return expected.slice(0, actual.length).map((match, index) => ({
    expected: unquote(match[1] ?? ''),
    actual: unquote(actual[index]?.[1] ?? ''),
  }))
}

/** Lines of a diff, `-` expected and `+` actual as every known runner has it; neighbours are paired in order. */
function diffPairs(text: string): readonly ValuePair[] {
  const pairs: ValuePair[] = []
  let minus: string[] = []
  let plus: string[] = []
  const flush = (): void => {
    for (let index = 0; index < Math.min(minus.length, plus.length); index += 1) {
      pairs.push({ expected: unquote(minus[index] ?? ''), actual: unquote(plus[index] ?? '') })
    }
    minus = []
    plus = []
  }
  for (const line of text.split('\n')) {
    const sign = /^\s*([-+])(?![-+]{2}) ?(.*)$/.exec(line)
    if (sign === null || /^\s*[-+] (?:Expected|Received|actual|expected)\b/.test(line)) flush()
    else if (sign[1] === '-') minus.push(sign[2] ?? '')
    else plus.push(sign[2] ?? '')
  }
  flush()
  return pairs
}

function unquote(value: string): string {
  const trimmed = value.trim().replace(/[,;]$/, '')
  return /^(['"`]).*\1$/s.test(trimmed) ? trimmed.slice(1, -1) : trimmed
}
