import { readFileSync } from 'node:fs'

const directory = new URL('../reporters/', import.meta.url)
const cache = new Map<string, string>()

/** Names of the files that stand in `reporters/`. */
export type ReporterFile =
  | 'channel.cjs'
  | 'exit.cjs'
  | 'node-test.cjs'
  | 'mocha.cjs'
  | 'jest.cjs'
  | 'vitest.cjs'
  | 'jasmine.cjs'
  | 'tape.cjs'
  | 'tap.cjs'
  | 'coverage.cjs'
  | 'atelier_channel.py'
  | 'atelier_pytest.py'
  | 'atelier_unittest.py'

const closing = 'ATELIER_END_OF_FILE'

/**
 * Shell text that writes reporters into a fresh directory of the sandbox and leaves its path in `$reporters`. Writing
 * them anew for each command needs no binding, and no command can have tampered with them before.
 */
export function writeReporters(files: readonly ReporterFile[]): string {
  const texts = files.map((file) => {
    const text = reporterText(file)
    return `cat >"$reporters/${file}" <<'${closing}'\n${text}${text.endsWith('\n') ? '' : '\n'}${closing}\n`
  })
  return `reporters=$(mktemp -d "\${TMPDIR:-/tmp}/atelier-XXXXXXXX") || exit 125\n${texts.join('')}`
}

function reporterText(file: ReporterFile): string {
  const known = cache.get(file)
  if (known !== undefined) return known
  const text = readFileSync(new URL(file, directory), 'utf8')
  cache.set(file, text)
  return text
}
