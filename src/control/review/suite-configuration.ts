import type { Finding } from '../../contracts/index.ts'
import type { ChangedFile } from './changed-file.ts'
import { addedLines, excerpt } from './excerpt.ts'

const configurationFiles =
  /(?:^|\/)(?:(?:vitest|vite|jest|karma|ava|playwright|cypress|wdio|babel|nyc|web-test-runner)\.(?:config|workspace|conf|setup|projects)\.[\w.]{1,12}|\.(?:mocharc|nycrc|c8rc|taprc|babelrc|swcrc|jestrc|coveragerc)(?:\.\w{1,6})?|pytest\.ini|tox\.ini|noxfile\.py|conftest\.py|setup\.cfg|pyproject\.toml|phpunit\.xml(?:\.dist)?|\.rspec)$/i
const pipelineFiles =
  /^(?:\.github\/(?:workflows|actions)\/|\.gitlab-ci\.ya?ml$|\.circleci\/|\.travis\.ya?ml$|\.drone\.ya?ml$|\.ci\/|\.buildkite\/|Jenkinsfile|azure-pipelines\.ya?ml$|bitbucket-pipelines\.ya?ml$|appveyor\.ya?ml$|\.pre-commit-config\.yaml$|\.husky\/|Makefile$)/

/** Whether a file steers which tests are run and how. */
export function isSuiteConfiguration(path: string): boolean {
  return configurationFiles.test(path) && !/(?:^|\/)pyproject\.toml$|(?:^|\/)setup\.cfg$/.test(path)
}

/** Keys of `package.json` that runners and coverage tools read. */
const runnerKeys = ['jest', 'mocha', 'ava', 'tap', 'nyc', 'c8', 'vitest', 'babel', 'standard', 'wireit']

/**
 * The candidate's `package.json` with the base revision's scripts and runner settings, or null if these are the same
 * already. A manifest that cannot be read is replaced by the base revision's whole.
 */
export function restoreTestManifest(before: string, after: string): string | null {
  const base = parseManifest(before)
  if (base === undefined) return null
  const candidate = parseManifest(after)
  if (candidate === undefined) return before
  const steering = ['scripts', ...runnerKeys]
  if (steering.every((key) => JSON.stringify(base[key]) === JSON.stringify(candidate[key]))) return null
  const restored = { ...candidate }
  for (const key of steering) {
    const value = base[key]
    if (value === undefined) Reflect.deleteProperty(restored, key)
    else restored[key] = value
  }
  return `${JSON.stringify(restored, null, 2)}\n`
}

/** Findings about everything that can make a suite smaller, or a red one green, without touching a test. */
export function reviewSuiteConfiguration(files: readonly ChangedFile[]): readonly Finding[] {
  return files.flatMap((file) => [
    ...(/(?:^|\/)package\.json$/.test(file.path) ? reviewManifest(file) : []),
    ...(configurationFiles.test(file.oldPath) ? reviewRunnerFile(file) : []),
    ...(pipelineFiles.test(file.oldPath) || pipelineFiles.test(file.path) ? [pipelineFinding(file)] : []),
    ...loweredThresholds(file),
  ])
}

const neutralised =
  /\|\|\s*(?:true|:|exit 0|echo)|;\s*(?:true|exit 0)\s*$|^\s*(?:true|:|exit 0|echo\b[^&|;]*)\s*$|--passWithNoTests|--allow-failure|--no-exit-code/
const narrowing =
  /(?:--(?:testPathIgnorePatterns|exclude|ignore|deselect|grep|fgrep|testNamePattern|test-name-pattern|changed|onlyChanged|bail|shard|related|filter)\b|(?:^|\s)-(?:t|g|k|m)\s)/

function reviewManifest(file: ChangedFile): readonly Finding[] {
  const before = parseManifest(file.before ?? '{}')
  const after = parseManifest(file.after ?? '{}')
  if (after === undefined) {
    return file.after === null
      ? []
      : [
          {
            rule: 'suite/manifest-unreadable',
            severity: 'critical',
            message: `${file.path} is not valid JSON`,
            file: file.path,
          },
        ]
  }
  const [oldScripts, newScripts] = [scriptsOf(before), scriptsOf(after)]
  const names = [...new Set([...Object.keys(oldScripts), ...Object.keys(newScripts)])]
  const scripts = names.flatMap((name) => scriptFinding(file, name, oldScripts[name], newScripts[name]))
  const settings = runnerKeys
    .filter((key) => JSON.stringify(before?.[key]) !== JSON.stringify(after[key]))
    .map((key): Finding => ({
      rule: 'suite/runner-settings-changed',
      severity: 'high',
      message: `the settings of ${key} in ${file.path} change what the suite runs`,
      file: file.path,
      evidence: excerpt(JSON.stringify(after[key] ?? null)),
    }))
  return [...scripts, ...settings]
}

function scriptFinding(
  file: ChangedFile,
  name: string,
  before: string | undefined,
  after: string | undefined,
): readonly Finding[] {
  if (before === after || !/test|check|lint|coverage|verify|^ci$|^pre|^post/.test(name)) return []
  const evidence = excerpt(`- ${before ?? '(absent)'}\n+ ${after ?? '(absent)'}`)
  const at = { file: file.path, evidence }
  const isTest = /test|coverage|verify|^ci$/.test(name)
  if (
    isTest &&
    after !== undefined &&
    neutralised.test(after) &&
    !(before !== undefined && neutralised.test(before))
  ) {
    return [
      {
        rule: 'suite/command-neutralised',
        severity: 'critical',
        message: `the script "${name}" can no longer fail`,
        ...at,
      },
    ]
  }
  if (
    isTest &&
    after !== undefined &&
    narrowing.test(after) &&
    !(before !== undefined && narrowing.test(before))
  ) {
    return [
      {
        rule: 'suite/command-narrowed',
        severity: 'critical',
        message: `the script "${name}" runs fewer tests`,
        ...at,
      },
    ]
  }
  if (isTest && before !== undefined) {
    return [
      { rule: 'suite/command-changed', severity: 'high', message: `the script "${name}" is changed`, ...at },
    ]
  }
  return before === undefined && !isTest
    ? []
    : [
        {
          rule: 'suite/script-changed',
          severity: 'medium',
          message: `the script "${name}" is changed`,
          ...at,
        },
      ]
}

function reviewRunnerFile(file: ChangedFile): readonly Finding[] {
  const narrows = addedLines(file).find(({ text }) =>
    /\b(?:exclude|ignore|testPathIgnorePatterns|norecursedirs|collect_ignore|deselect|testNamePattern|grep|passWithNoTests|allowOnly|bail|retry|retries|addopts)\b/i.test(
      text,
    ),
  )?.text
  return [
    {
      rule: narrows === undefined ? 'suite/configuration-changed' : 'suite/configuration-narrowed',
      severity: 'high',
      message: `${file.path} steers the tests and is ${file.status}${narrows === undefined ? '' : ', which may leave tests out'}`,
      file: file.path,
      ...(narrows === undefined ? {} : { evidence: excerpt(narrows.trim()) }),
    },
  ]
}

function pipelineFinding(file: ChangedFile): Finding {
  return {
    rule: 'suite/pipeline-changed',
    severity: 'high',
    message: `${file.path} is part of the checks that guard this repository and is ${file.status}`,
    file: file.path,
  }
}

const thresholdLine =
  /^\s*["']?(?:--)?(branches|functions|lines|statements|fail[_-]under|check-coverage|coverageThreshold|thresholds?|minimum_coverage)["']?\s*[:=]\s*["']?(\d{1,3}(?:\.\d+)?|true|false)/i

/** Coverage thresholds whose number went down, or that are gone. */
function loweredThresholds(file: ChangedFile): readonly Finding[] {
  if (file.kind !== 'configuration' && !configurationFiles.test(file.path)) return []
  const before = thresholdsOf(file.before ?? '')
  const after = thresholdsOf(file.after ?? '')
  return [...before].flatMap(([key, value]) => {
    const now = after.get(key)
    if (now !== undefined && now >= value) return []
    return [
      {
        rule: 'suite/threshold-lowered',
        severity: 'high' as const,
        message: `the threshold ${key} goes from ${value} to ${now ?? 'none'} in ${file.path}`,
        file: file.path,
      },
    ]
  })
}

function thresholdsOf(text: string): ReadonlyMap<string, number> {
  const thresholds = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, key, value] = thresholdLine.exec(line.slice(0, 500)) ?? []
    if (key === undefined) continue
    thresholds.set(key.toLowerCase(), value === 'true' ? 1 : value === 'false' ? 0 : Number(value))
  }
  return thresholds
}

type Manifest = Record<string, unknown>

/** `package.json` as an object, or undefined if it is not one. */
export function parseManifest(text: string): Manifest | undefined {
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ''))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Manifest)
      : undefined
  } catch {
    return undefined
  }
}

function scriptsOf(manifest: Manifest | undefined): Readonly<Record<string, string>> {
  const scripts = manifest?.['scripts']
  if (typeof scripts !== 'object' || scripts === null) return {}
  return Object.fromEntries(
    Object.entries(scripts).flatMap(([name, script]) =>
      typeof script === 'string' ? [[name, script.slice(0, 2_000)] as const] : [],
    ),
  )
}
