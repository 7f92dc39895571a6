import { posix } from 'node:path'
import { z } from 'zod'
import type { Check, Finding, UpdateLevel } from '../../contracts/index.ts'
import { plural } from '../../kernel/index.ts'
import { isUnreachable, quoteWord, testingErrors } from '../testing/index.ts'
import { upkeepErrors } from './errors.ts'
import { packageFiles, some, type TaskOf, type UpkeepOffer, type UpkeepPlace } from './kind.ts'
import { lastWords, runProgram } from './program.ts'

type Task = TaskOf<'dependency-update'>

/** A line of a requirements file that pins one version. */
export interface Pin {
  /** Relative to the package. */
  readonly file: string
  /** 0-based. */
  readonly line: number
  readonly name: string
  readonly version: string
}

const requirementFiles = /^(?:requirements\/[\w.-]+|[\w.-]*requirements[\w.-]*)\.txt$/
const pinned = /^(\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[\w\s,.-]*\])?\s*==\s*)(\d+(?:\.\d+)*)(\s*(?:[;#].*)?)$/

/** The pins of a requirements file. Lines with checksums, ranges, addresses or options are none. */
export function pinsOf(file: string, text: string): readonly Pin[] {
  return text.split('\n').flatMap((content, line) => {
    const [, , name, version] = pinned.exec(content.replace(/\r$/, '')) ?? []
    return name === undefined || version === undefined ? [] : [{ file, line, name, version }]
  })
}

/** The text with other versions in its pins, by line; everything else stays as it is. */
export function withVersions(text: string, versions: ReadonlyMap<number, string>): string {
  return text
    .split('\n')
    .map((content, line) => {
      const version = versions.get(line)
      if (version === undefined) return content
      const end = content.endsWith('\r') ? '\r' : ''
      return content.slice(0, content.length - end.length).replace(pinned, `$1${version}$4`) + end
    })
    .join('\n')
}

async function readRequirements(place: UpkeepPlace, tree: string): Promise<ReadonlyMap<string, string>> {
  const files = packageFiles(place, tree)
  const names = (await files.list()).filter((path) => requirementFiles.test(path))
  const texts = await Promise.all(names.map(async (name) => [name, (await files.read(name)) ?? ''] as const))
  return new Map(texts)
}

/**
 * Asks the package index for the versions of packages and chooses the newest that a level allows, that is not withdrawn
 * and runs on this Python. Reads both forms of the simple index (PEP 503 and 691).
 */
const choosing = `
import json, re, sys, platform
from html.parser import HTMLParser
from urllib.parse import unquote
from urllib.request import Request, urlopen
from pip._vendor.packaging.version import Version, InvalidVersion
from pip._vendor.packaging.specifiers import SpecifierSet, InvalidSpecifier
task = json.load(sys.stdin)
class Links(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.files = []
        self.feed(text)
    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == 'a' and found.get('href'):
            name = found['href'].split('#')[0].split('?')[0].rsplit('/', 1)[-1]
            self.files.append({'filename': unquote(name), 'yanked': 'data-yanked' in found, 'requires-python': found.get('data-requires-python')})
def runs_here(wanted):
    try:
        return not wanted or SpecifierSet(wanted).contains(platform.python_version())
    except InvalidSpecifier:
        return True
def newest(name, current, level):
    address = task['index'].rstrip('/') + '/' + re.sub(r'[-_.]+', '-', name).lower() + '/'
    request = Request(address, headers={'Accept': 'application/vnd.pypi.simple.v1+json, text/html;q=0.5'})
    with urlopen(request, timeout=30) as answer:
        text = answer.read().decode()
        files = json.loads(text)['files'] if 'json' in answer.headers.get('content-type', '') else Links(text).files
    base = Version(current)
    kept = base.release[:2 if level == 'patch' else 1]
    best, withdrawn = base, False
    for file in files:
        match = re.match(r'[^-]+-([^-]+)(-.*)?\\.whl$', file['filename'])
        if not match:
            continue
        try:
            version = Version(match[1])
        except InvalidVersion:
            continue
        if file.get('yanked'):
            withdrawn = withdrawn or version == base
        elif version > best and not version.is_prerelease and version.release[:len(kept)] == kept and runs_here(file.get('requires-python')):
            best = version
    return {'version': str(best) if best > base else None, 'withdrawn': withdrawn}
print(json.dumps([newest(pin['name'], pin['version'], task['level']) for pin in task['pins']]))
`
const chosenSchema = z.array(z.object({ version: z.string().nullable(), withdrawn: z.boolean() }))

const certificates = '/opt/atelier/registry-ca.pem'

async function chooseVersions(
  place: UpkeepPlace,
  pins: readonly Pin[],
  level: UpdateLevel,
): Promise<z.infer<typeof chosenSchema>> {
  const { pip: registry } = place.registries
  const result = await place.within(place.baseTree, { dependencies: 'none', egress: 'registry' }, (sandbox) =>
    runProgram(place, sandbox, 'python3', `python3 -c ${quoteWord(choosing)}`, {
      stdin: JSON.stringify({ index: registry.url, level, pins }),
      env: registry.caFile === undefined ? {} : { SSL_CERT_FILE: sandbox.locate(certificates) },
    }),
  )
  if (result.code === 0) return chosenSchema.length(pins.length).parse(JSON.parse(result.stdout))
  const detail = lastWords(result)
  if (isUnreachable(detail, registry) || /URLError/.test(detail))
    throw testingErrors.INSTALL_UNREACHABLE({ detail })
  throw upkeepErrors.UPDATE_FAILED({ detail })
}

/** Moves pins in requirements files. */
export async function proposePipUpdate(place: UpkeepPlace, { level, packages }: Task): Promise<UpkeepOffer> {
  const requirements = await readRequirements(place, place.baseTree)
  if (requirements.size === 0) throw upkeepErrors.NO_DEPENDENCIES()
  const all = [...requirements].flatMap(([file, text]) => pinsOf(file, text))
  const unknown = packages.filter((name) => !all.some((pin) => pin.name.toLowerCase() === name.toLowerCase()))
  if (unknown.length > 0) throw upkeepErrors.UNKNOWN_PACKAGE({ detail: some(unknown) })
  const pins = all.filter(
    ({ name }) => packages.length === 0 || packages.some((one) => one.toLowerCase() === name.toLowerCase()),
  )
  const found = [`${plural(pins.length, 'pinned requirement')} in ${some([...requirements.keys()])}`]
  const unchanged = (explanation: string): UpkeepOffer => ({ tree: place.baseTree, explanation, found })
  if (pins.length === 0)
    return unchanged('No requirement is pinned to one version, so there is nothing to move.')
  if (level === 'in-range')
    return unchanged('Pins allow one version only, so nothing is in range; ask for --level patch or minor.')
  place.report(`asking the index about ${plural(pins.length, 'package')}`)
  const chosen = await chooseVersions(place, pins, level)
  const moves = pins.flatMap((pin, at) => {
    const version = chosen[at]?.version ?? null
    return version === null ? [] : [{ ...pin, to: version }]
  })
  if (moves.length === 0) return unchanged(`Everything is as new as ${level} allows.`)
  const byFile = Map.groupBy(moves, ({ file }) => file)
  const tree = await place.repository.applyFileChanges(
    place.baseTree,
    [...byFile].map(([file, list]) => ({
      kind: 'write',
      path: posix.join(place.directory, file),
      content: withVersions(requirements.get(file) ?? '', new Map(list.map(({ line, to }) => [line, to]))),
    })),
  )
  place.report('installing the new versions')
  const names = [...new Set(moves.map(({ name }) => name))]
  const [before, after] = [await licences(place, place.baseTree, names), await licences(place, tree, names)]
  return {
    tree,
    explanation: `${plural(moves.length, 'requirement')} moved (${level}).`,
    found: [...found, ...moves.slice(0, 8).map(({ name, version, to }) => `${name} ${version} → ${to}`)],
    findings: [...licenceFindings(names, before, after), ...withdrawnFindings(pins, chosen)],
    record: { level, moves, licences: { before, after }, changelogs: {} },
  }
}

const readingLicences = `
import json, sys
from importlib.metadata import metadata
def licence(name):
    try:
        found = metadata(name)
        stated = found.get('License-Expression') or found.get('License') or ''
        kinds = [one.split('::')[-1].strip() for one in found.get_all('Classifier') or [] if one.startswith('License ::')]
        return (stated.splitlines() or [''])[0][:100] or ', '.join(kinds) or 'none'
    except Exception:
        return 'unknown'
print(json.dumps({name: licence(name) for name in json.load(sys.stdin)}))
`

async function licences(
  place: UpkeepPlace,
  tree: string,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const result = await place.within(tree, { dependencies: 'tree', egress: 'none' }, (sandbox) =>
    runProgram(place, sandbox, 'reading licences', `python3 -c ${quoteWord(readingLicences)}`, {
      stdin: JSON.stringify(names),
    }),
  )
  return result.code === 0 ? z.record(z.string(), z.string()).parse(JSON.parse(result.stdout)) : {}
}

function licenceFindings(
  names: readonly string[],
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly Finding[] {
  return names
    .filter((name) => before[name] !== after[name])
    .map((name) => ({
      rule: 'dependencies/licence',
      severity: 'high',
      message: `${name}: the licence goes from ${before[name] ?? 'unknown'} to ${after[name] ?? 'unknown'}`,
    }))
}

function withdrawnFindings(pins: readonly Pin[], chosen: z.infer<typeof chosenSchema>): readonly Finding[] {
  return pins
    .filter((_pin, at) => chosen[at]?.withdrawn === true)
    .map(({ name, version, file, line }) => ({
      rule: 'dependencies/withdrawn',
      severity: 'medium',
      message: `${name} ${version} was withdrawn from the index`,
      file,
      line: line + 1,
    }))
}

/** What must hold of an update of pins. */
export async function verifyPipUpdate(
  place: UpkeepPlace,
  { level }: Task,
  tree: string,
): Promise<readonly Check[]> {
  const [before, after] = [await readRequirements(place, place.baseTree), await readRequirements(place, tree)]
  const own = [...before.keys()].map((name) => posix.join(place.directory, name))
  const changed = (await place.repository.differences(place.baseTree, tree)).map(({ path }) => path)
  const strangers = changed.filter((path) => !own.includes(path))
  const otherwise = [...before].filter(([file, text]) => {
    const now = new Map(pinsOf(file, after.get(file) ?? '').map(({ line, version }) => [line, version]))
    return withVersions(text, now) !== after.get(file)
  })
  const tooFar = [...before].flatMap(([file, text]) =>
    pinsOf(file, text).filter((pin) => {
      const now = pinsOf(file, after.get(file) ?? '').find(({ line }) => line === pin.line)?.version
      return now === undefined || goesTooFar(level, pin.version, now)
    }),
  )
  const [installed] = await place.install(tree)
  return [
    {
      name: 'only requirements files',
      holds: strangers.length === 0,
      detail: some(strangers.length === 0 ? changed : strangers),
    },
    {
      name: 'only versions in pins',
      holds: otherwise.length === 0,
      detail: otherwise.length === 0 ? plural(changed.length, 'file') : some(otherwise.map(([file]) => file)),
    },
    {
      name: `no further than ${level}`,
      holds: tooFar.length === 0,
      detail: tooFar.length === 0 ? 'every pin' : some(tooFar.map(({ name }) => name)),
    },
    {
      name: 'the new versions install',
      holds: installed !== undefined,
      detail: installed ?? 'nothing was installed',
    },
  ]
}

/** Whether a version goes back, or leaves the release that the level keeps to. */
export function goesTooFar(level: UpdateLevel, from: string, to: string): boolean {
  const [old, now] = [from, to].map((version) => version.split('.').map(Number))
  if (old === undefined || now === undefined || level === 'in-range') return from !== to
  const kept = level === 'patch' ? 2 : 1
  for (let at = 0; at < Math.max(old.length, now.length); at += 1) {
    const [a, b] = [old[at] ?? 0, now[at] ?? 0]
    if (a !== b) return b < a || at < kept
  }
  return false
}
