import { posix } from 'node:path'
import { z } from 'zod'
import type { Check } from '../../contracts/index.ts'
import { plural } from '../../kernel/index.ts'
import type { Sandbox } from '../sandbox/index.ts'
import { isUnreachable, quoteWord, testingErrors, workspaceRoot } from '../testing/index.ts'
import { changesBetween } from './changelog.ts'
import { upkeepErrors } from './errors.ts'
import { packageFiles, some, type TaskOf, type UpkeepOffer, type UpkeepPlace } from './kind.ts'
import {
  directRanges,
  findingsOf,
  isFromRegistry,
  lockedVersion,
  mismatches,
  movesBetween,
  movesTooFar,
  newestWithin,
  type NpmLock,
  type NpmManifest,
  type PackageMove,
  publicRegistry,
  readNpmLock,
  readNpmManifest,
  rewrittenRange,
} from './npm-lock.ts'
import { lastWords, runProgram } from './program.ts'

type Task = TaskOf<'dependency-update'>

interface NpmProject {
  readonly manifestText: string
  readonly lockText: string
  readonly manifest: NpmManifest
  readonly lock: NpmLock
}

async function readProject(place: UpkeepPlace, tree: string): Promise<NpmProject> {
  const files = packageFiles(place, tree)
  const [manifestText, lockText] = await Promise.all([
    files.read('package.json'),
    files.read('package-lock.json'),
  ])
  if (manifestText === null) throw upkeepErrors.NO_DEPENDENCIES()
  if (lockText === null) throw upkeepErrors.LOCK_MISSING()
  const [manifest, lock] = [readNpmManifest(manifestText), readNpmLock(lockText)]
  const different = mismatches(manifest, lock)
  if (different.length > 0) throw upkeepErrors.LOCK_MISMATCH({ detail: some(different) })
  return { manifestText, lockText, manifest, lock }
}

/** Updates package.json and package-lock.json. Package code never runs: only the lock file is worked out. */
export async function proposeNpmUpdate(place: UpkeepPlace, task: Task): Promise<UpkeepOffer> {
  const project = await readProject(place, place.baseTree)
  const unknown = task.packages.filter((name) => !directRanges(project.manifest).has(name))
  if (unknown.length > 0) throw upkeepErrors.UNKNOWN_PACKAGE({ detail: some(unknown) })
  const written = await place.within(
    place.baseTree,
    { dependencies: 'none', egress: 'registry' },
    (sandbox) => workOut(place, sandbox, project, task),
  )
  const after = readNpmLock(written.lockText)
  const moves = movesBetween(project.lock, after, project.manifest)
  const found = [...(moves.length === 0 ? [] : [describeMoves(moves)]), ...written.notes]
  if (moves.length === 0)
    return { tree: place.baseTree, explanation: `Everything is as new as ${task.level} allows.`, found }
  const inside = (name: string): string => posix.join(place.directory, name)
  const tree = await place.repository.applyFileChanges(place.baseTree, [
    { kind: 'write', path: inside('package-lock.json'), content: written.lockText },
    ...(written.manifestText === project.manifestText
      ? []
      : [{ kind: 'write' as const, path: inside('package.json'), content: written.manifestText }]),
  ])
  place.report('installing the new versions')
  const changelogs = await readChangelogs(place, tree, moves)
  const direct = moves.filter((move) => move.direct)
  return {
    tree,
    explanation: `New versions, ${task.level}: ${direct.length} direct and ${moves.length - direct.length} indirect.`,
    found: [
      ...found,
      ...direct.slice(0, 8).map(({ name, from, to }) => {
        const first = changelogs[name]?.split('\n').find((line) => /^\s*[-*]\s/.test(line))
        return `${name} ${from ?? 'new'} → ${to ?? 'gone'}${first === undefined ? '' : `: ${first.replace(/^\s*[-*]\s+/, '')}`}`
      }),
    ],
    findings: findingsOf(project.lock, after, moves, place.registries.npm.url),
    record: { level: task.level, moves, changelogs, advisories: written.advisories },
  }
}

interface Written {
  readonly manifestText: string
  readonly lockText: string
  readonly notes: readonly string[]
  readonly advisories: { readonly before: readonly string[] | null; readonly after: readonly string[] | null }
}

async function workOut(
  place: UpkeepPlace,
  sandbox: Sandbox,
  project: NpmProject,
  task: Task,
): Promise<Written> {
  const advisoriesBefore = await readAdvisories(place, sandbox)
  let notes: readonly string[] = []
  let { manifestText } = project
  if (task.level === 'in-range') {
    place.report('asking the registry for newer versions')
    await npm(place, sandbox, `update ${task.packages.map(quoteWord).join(' ')}`)
  } else {
    const wanted = await chooseVersions(place, sandbox, project, task)
    notes = wanted.notes
    if (wanted.targets.size > 0) {
      const names = [...wanted.targets].map(([name, { version }]) => quoteWord(`${name}@${version}`))
      place.report(`working out ${plural(names.length, 'new version')}`)
      await npm(place, sandbox, `install ${names.join(' ')}`)
      manifestText = withRanges(project, wanted.targets)
    }
  }
  // npm may have written ranges of its own; the lock file has to match ours.
  await sandbox.writeFile(inWorkspace(place, 'package.json'), manifestText)
  if (task.level !== 'in-range') await npm(place, sandbox, 'install')
  const lock = await sandbox.readFile(inWorkspace(place, 'package-lock.json'))
  if (lock === null) throw upkeepErrors.UPDATE_FAILED({ detail: 'npm left no lock file' })
  const advisoriesAfter = await readAdvisories(place, sandbox)
  return {
    manifestText,
    lockText: withFormerAddresses(new TextDecoder().decode(lock), project.lock, place.registries.npm.url),
    notes: [...notes, ...describeAdvisories(advisoriesBefore, advisoriesAfter)],
    advisories: { before: advisoriesBefore, after: advisoriesAfter },
  }
}

const certificates = '/opt/atelier/registry-ca.pem'

/** Runs npm so that it works out a lock file, and neither installs nor runs anything of a package. */
async function npm(place: UpkeepPlace, sandbox: Sandbox, command: string, tolerant = false): Promise<string> {
  const { npm: registry } = place.registries
  const script = `npm ${command} --package-lock-only --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=warn \
--engine-strict=false --cache "$TMPDIR/npm-cache" --registry=${quoteWord(registry.url)} --replace-registry-host=always`
  const caFile = registry.caFile === undefined ? undefined : sandbox.locate(certificates)
  const env = caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: caFile, npm_config_cafile: caFile }
  const result = await runProgram(place, sandbox, 'npm', script, { env })
  if (result.code === 0 || tolerant) return result.stdout
  const log = lastWords(result)
  if (isUnreachable(log, registry)) throw testingErrors.INSTALL_UNREACHABLE({ detail: log })
  throw upkeepErrors.UPDATE_FAILED({ detail: log })
}

function inWorkspace({ directory }: UpkeepPlace, name: string): string {
  return posix.join(workspaceRoot, directory, name)
}

interface Target {
  readonly version: string
  readonly range: string
}

async function chooseVersions(
  place: UpkeepPlace,
  sandbox: Sandbox,
  { manifest, lock }: NpmProject,
  { level, packages }: Task,
): Promise<{ readonly targets: ReadonlyMap<string, Target>; readonly notes: readonly string[] }> {
  const targets = new Map<string, Target>()
  const left: string[] = []
  const wanted = [...directRanges(manifest)].filter(
    ([name]) => packages.length === 0 || packages.includes(name),
  )
  for (const [name, range] of wanted) {
    const current = lockedVersion(lock, name)
    if (current === null || /^(?:file|link|git|https?|github|workspace|npm):|\//.test(range)) {
      left.push(`${name} (${range})`)
      continue
    }
    place.report(`asking the registry about ${name}`)
    const newest = newestWithin(level, current, await publishedVersions(place, sandbox, name))
    if (newest === null) continue
    const newRange = rewrittenRange(range, newest)
    if (newRange === null) left.push(`${name} (${range})`)
    else targets.set(name, { version: newest, range: newRange })
  }
  return {
    targets,
    notes: left.length === 0 ? [] : [`left as they are, for how they are declared: ${some(left)}`],
  }
}

async function publishedVersions(
  place: UpkeepPlace,
  sandbox: Sandbox,
  name: string,
): Promise<readonly string[]> {
  const text = await npm(place, sandbox, `view ${quoteWord(name)} versions --json`)
  const parsed = z.union([z.array(z.string()), z.string()]).safeParse(JSON.parse(text))
  return parsed.success ? [parsed.data].flat() : []
}

/** package.json with these ranges, written as it was. */
function withRanges({ manifestText, manifest }: NpmProject, targets: ReadonlyMap<string, Target>): string {
  const ranges = directRanges(manifest)
  let text = manifestText
  for (const [name, { range }] of targets) {
    const old = ranges.get(name)
    if (old === undefined || old === range) continue
    const declared = `${escape(JSON.stringify(name))}(\\s*:\\s*)${escape(JSON.stringify(old))}`
    text = text.replace(new RegExp(declared), (_match, colon: string) => {
      return `${JSON.stringify(name)}${colon}${JSON.stringify(range)}`
    })
  }
  return text
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}

/**
 * Addresses as the base's lock file has them: what a mirror calls its own address is that of the public registry for
 * everybody else, and a lock file without addresses stays without.
 */
function withFormerAddresses(lockText: string, before: NpmLock, registry: string): string {
  const prefix = registry.endsWith('/') ? registry : `${registry}/`
  const text = lockText.replaceAll(`"resolved": "${prefix}`, `"resolved": "${publicRegistry}`)
  const hasAddresses = Object.values(before.packages).some(({ resolved }) => resolved?.startsWith('http'))
  const addressLine = new RegExp(`^\\s*"resolved": "${escape(publicRegistry)}[^"]*",?\n`, 'gm')
  return hasAddresses ? text : text.replace(addressLine, '')
}

/** Names of packages with known vulnerabilities, as the registry tells; null where it does not. */
async function readAdvisories(place: UpkeepPlace, sandbox: Sandbox): Promise<readonly string[] | null> {
  const text = await npm(place, sandbox, 'audit --json', true)
  try {
    const parsed = z
      .object({ vulnerabilities: z.record(z.string(), z.unknown()) })
      .safeParse(JSON.parse(text))
    return parsed.success ? Object.keys(parsed.data.vulnerabilities).sort() : null
  } catch {
    return null
  }
}

function describeAdvisories(
  before: readonly string[] | null,
  after: readonly string[] | null,
): readonly string[] {
  if (before === null || after === null) return ['the registry gives no advisories']
  if (before.length === 0 && after.length === 0) return []
  const rest = after.length === 0 ? '' : `: ${some(after)}`
  return [`packages with known vulnerabilities: ${before.length} → ${after.length}${rest}`]
}

function describeMoves(moves: readonly PackageMove[]): string {
  const direct = moves.filter((move) => move.direct).length
  const added = moves.filter(({ from }) => from === null).length
  const removed = moves.filter(({ to }) => to === null).length
  return `${plural(moves.length, 'package')} with another version: ${direct} direct, ${moves.length - direct} indirect, ${added} of them added, ${removed} removed`
}

/** Finds the changelogs of packages among what is installed. */
const collecting = `
const fs = require('fs'), path = require('path')
const found = {}
for (const name of JSON.parse(fs.readFileSync(0, 'utf8'))) {
  try {
    const folder = path.join('node_modules', name)
    const file = fs.readdirSync(folder).find((one) => /^(changelog|changes|history|release[-_]?notes|releases|news)(\\.(md|markdown|txt|rst))?$/i.test(one))
    if (file) found[name] = fs.readFileSync(path.join(folder, file), 'utf8').slice(0, 400000)
  } catch {}
}
console.log(JSON.stringify(found))
`

/** What the packages themselves say about their new versions, from the installed packages. */
async function readChangelogs(
  place: UpkeepPlace,
  tree: string,
  moves: readonly PackageMove[],
): Promise<Readonly<Record<string, string>>> {
  const direct = moves.filter((move) => move.direct && move.from !== null && move.to !== null).slice(0, 15)
  const { stdout } = await place.within(tree, { dependencies: 'tree', egress: 'none' }, (sandbox) =>
    runProgram(place, sandbox, 'reading changelogs', `node -e ${quoteWord(collecting)}`, {
      stdin: JSON.stringify(direct.map(({ name }) => name)),
    }),
  )
  const texts = z.record(z.string(), z.string()).parse(JSON.parse(stdout))
  return Object.fromEntries(
    direct.flatMap(({ name, from, to }) => {
      const changes = changesBetween(texts[name] ?? '', from ?? '', to ?? '')
      return changes === '' ? [] : [[name, changes] as const]
    }),
  )
}

/** What must hold of an update of npm dependencies. */
export async function verifyNpmUpdate(
  place: UpkeepPlace,
  task: Task,
  tree: string,
): Promise<readonly Check[]> {
  const before = await readProject(place, place.baseTree)
  const after = await readProject(place, tree)
  const moves = movesBetween(before.lock, after.lock, before.manifest)
  const own = ['package.json', 'package-lock.json'].map((name) => posix.join(place.directory, name))
  const changed = (await place.repository.differences(place.baseTree, tree)).map(({ path }) => path)
  const strangers = changed.filter((path) => !own.includes(path))
  const tooFar = movesTooFar(task.level, moves, directRanges(before.manifest))
  const foreign = moves.filter(({ place: at }) => {
    const entry = after.lock.packages[at]
    return entry !== undefined && !isFromRegistry(entry, place.registries.npm.url)
  })
  const notes = await place.install(tree)
  const frozen = notes.some((note) => note.includes('`npm ci`'))
  return [
    {
      name: 'only manifest and lock file',
      holds: strangers.length === 0,
      detail: strangers.length === 0 ? some(changed) : some(strangers),
    },
    {
      name: 'lock file matches and installs',
      holds: frozen,
      detail: frozen ? '`npm ci`, without install scripts' : (notes[0] ?? 'nothing was installed'),
    },
    {
      name: `no further than ${task.level}`,
      holds: tooFar.length === 0,
      detail: tooFar.length === 0 ? describeMoves(moves) : some(tooFar.map(describeMove)),
    },
    {
      name: 'everything from the registry, with checksums',
      holds: foreign.length === 0,
      detail: foreign.length === 0 ? plural(moves.length, 'package') : some(foreign.map(describeMove)),
    },
  ]
}

function describeMove({ name, from, to }: PackageMove): string {
  return `${name} ${from ?? 'new'} → ${to ?? 'gone'}`
}
