import type { Import, SourceGraph } from './import-graph.ts'

export interface Rule {
  readonly name: string
  /** One line for each violation. */
  readonly violations: (graph: SourceGraph) => string[]
}

/** From the ground up; a plane may import itself and the ones before it. */
const planes = [
  'kernel',
  'contracts',
  'store',
  'engine',
  'governance',
  'execution',
  'control',
  'workflow',
  'api',
  'cli',
  'main',
]

/** Planes that consist of capabilities, each a room of its own with its own `index.ts`. */
const planesOfCapabilities = new Set(['governance', 'execution', 'control', 'workflow'])

/** Folders of other planes that are rooms of their own, because not everybody who uses the plane needs them. */
const rooms = new Set(['src/contracts/api', 'src/api/client', 'src/api/documentation'])

/** From the ground up, within `execution`. */
const executionOrder = [
  'grammar',
  'sandbox',
  'repository',
  'testing',
  'repair',
  'upkeep',
  'tools',
  'development',
  'mcp',
  'coding-agents',
]

/** Where code stands that can start processes or open connections: infrastructure, and what the door calls. */
const outsideReachers = [
  'src/store/',
  'src/execution/sandbox/',
  'src/execution/repository/',
  'src/execution/testing/',
  // Requests to MCP servers, through the egress proxy.
  'src/execution/mcp/',
  'src/execution/repair/validation/',
  // Identity providers, whom nobody can ask through the door: it is not known yet who asks.
  'src/governance/sign-in/oidc/',
  // Threads that only compute.
  'src/control/context/indexing/threads/',
  // Providers of models, asked by an act.
  'src/control/models/upstreams/',
  'src/testing/',
  // Asks the studio's own API, with the `fetch` that it is given.
  'src/api/client/',
  'src/main/',
]

const outsideModules =
  /^(?:node:)?(?:child_process|cluster|dgram|dns|dns\/promises|http|http2|https|inspector|net|tls|worker_threads)$|^(?:undici|execa|axios|openid-client|ws)$|^@ai-sdk\/(?!provider$)/

/** Capabilities that act on the world. Whoever wants that goes through the door, which calls the tools. */
const adapters = ['src/execution/sandbox', 'src/execution/repository']

/** What of the adapters only computes, and may be used by anybody. */
const pureFunctions = new Set([
  'childrenOf',
  'fileKind',
  'findSymbols',
  'isScriptPath',
  'isTestPath',
  'parseScript',
  'repositoryErrors',
  'sandboxErrors',
  'symbolsAt',
  'walkScript',
])

/** The studio's own code that runs inside sandboxes, beside code it does not trust; the door has no say there. */
const insideSandbox = /^src\/execution\/repair\/validation\/worker\//

export const rules: readonly Rule[] = [
  {
    name: 'imports go down the planes, never up',
    violations: ({ imports }) => betweenRooms(imports).filter(goesUp).map(describeImport),
  },
  {
    name: 'within execution, imports go down as well',
    violations: ({ imports }) => betweenRooms(imports).filter(goesUpInExecution).map(describeImport),
  },
  {
    name: 'rooms import each other through their index.ts only',
    violations: ({ imports }) =>
      betweenRooms(imports)
        .filter(({ from, target }) => !isTest(from) && target !== `${roomOf(target)}/index.ts`)
        .map(describeImport),
  },
  {
    name: 'kernel imports nothing but Node',
    violations: ({ imports }) =>
      imports
        .filter(
          ({ from, specifier }) =>
            planeOf(from) === 'kernel' && !isTest(from) && !/^(node:|\.\/)/.test(specifier),
        )
        .map(describeImport),
  },
  {
    name: 'only engine knows the library it stands on',
    violations: ({ imports }) =>
      imports
        .filter(({ from, specifier }) => specifier.startsWith('@dbos-inc/') && planeOf(from) !== 'engine')
        .map(describeImport),
  },
  {
    name: 'only main reads the environment',
    violations: ({ environmentReaders }) =>
      environmentReaders.filter(
        (path) => planeOf(path) !== 'main' && !isTest(path) && !insideSandbox.test(path),
      ),
  },
  {
    name: 'only listed folders can reach the outside',
    violations: ({ imports, fetchers }) =>
      [
        ...imports
          .filter(
            ({ from, specifier, typeOnly }) =>
              !typeOnly && outsideModules.test(specifier) && mayNotReach(from),
          )
          .map(describeImport),
        ...fetchers.filter(mayNotReach).map((path) => `${path} calls fetch`),
      ].filter((violation) => !isTest(violation.split(' ')[0] ?? '')),
  },
  {
    name: 'adapters are imported only by what the door calls and by the composition root',
    violations: ({ imports }) =>
      betweenRooms(imports)
        .filter(
          ({ from, target, names }) =>
            !isTest(from) &&
            names.some((name) => !pureFunctions.has(name)) &&
            adapters.includes(roomOf(target)) &&
            !['execution', 'main', 'testing'].includes(planeOf(from)),
        )
        .map(describeImport),
  },
  {
    name: 'only tests import what is made for tests',
    violations: ({ imports }) =>
      betweenRooms(imports)
        .filter(
          ({ from, target }) => planeOf(target) === 'testing' && planeOf(from) !== 'main' && !isTest(from),
        )
        .map(describeImport),
  },
  {
    name: 'every relative import leads to a file',
    violations: ({ imports, files }) =>
      imports
        .filter(({ target }) => target?.startsWith('src/') && target.endsWith('.ts') && !files.has(target))
        .filter(({ target }) => !target?.includes('/fixtures/'))
        .map(describeImport),
  },
  { name: 'there are no import cycles', violations: findCycles },
]

interface ResolvedImport extends Import {
  readonly target: string
}

function betweenRooms(imports: readonly Import[]): ResolvedImport[] {
  return imports
    .filter((edge): edge is ResolvedImport => edge.target?.startsWith('src/') ?? false)
    .filter(({ from, target }) => roomOf(from) !== roomOf(target))
}

function planeOf(path: string): string {
  return path.split('/')[1] ?? ''
}

/** `src/store`, `src/governance/audit`; `src/governance` for the files that lie directly in it. */
function roomOf(path: string): string {
  const folders = path.split('/').slice(0, -1)
  const own = folders.slice(0, 3).join('/')
  if (rooms.has(own)) return own
  return folders.slice(0, planesOfCapabilities.has(planeOf(path)) ? 3 : 2).join('/')
}

/** Tests, the attacks they run and the samples they make. */
function isTest(path: string): boolean {
  return /\.test\.ts$|\/attacks\/|\/scratch-[^/]+$/.test(path)
}

function goesUp({ from, target }: ResolvedImport): boolean {
  const plane = planeOf(target)
  // `testing` stands beside the planes: it may use all below the API, and is used by tests.
  if (plane === 'testing') return false
  if (planeOf(from) === 'testing') return planes.indexOf(plane) >= planes.indexOf('api')
  return planes.indexOf(plane) === -1 || planes.indexOf(plane) > planes.indexOf(planeOf(from))
}

function goesUpInExecution({ from, target }: ResolvedImport): boolean {
  if (planeOf(from) !== 'execution' || planeOf(target) !== 'execution') return false
  const rank = (path: string): number => executionOrder.indexOf(path.split('/')[2] ?? '')
  return rank(target) > rank(from)
}

function mayNotReach(path: string): boolean {
  return !outsideReachers.some((folder) => path.startsWith(folder))
}

function describeImport({ from, specifier }: Import): string {
  return `${from} imports ${specifier}`
}

/** Depth-first search; each cycle is reported once, as the path that closes it. */
function findCycles({ files, imports }: SourceGraph): string[] {
  const targets = Map.groupBy(imports, ({ from }) => from)
  const finished = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start !== -1) cycles.push([...trail.slice(start), path].join(' → '))
    if (start !== -1 || finished.has(path)) return
    for (const { target } of targets.get(path) ?? [])
      if (target !== undefined && files.has(target)) visit(target, [...trail, path])
    finished.add(path)
  }
  for (const path of files.keys()) visit(path, [])
  return cycles
}
