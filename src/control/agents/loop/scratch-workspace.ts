import { z } from 'zod'
import type { Tool } from '../../../contracts/index.ts'
import { digestOfValue, type ErrorReport } from '../../../kernel/index.ts'
import { parseAgent, type ModelAgent } from '../agent-file.ts'
import { agentTool } from './agent-tool.ts'
import type { AgentBrief } from './brief.ts'
import type { AgentActs, AgentTool, JsonValue, RefusedCall, ToolOutcome } from './ports.ts'

type Files = Readonly<Record<string, string>>

const treeInput = z.string()

/** Declarations of four small tools over files that are identified by the digest of all of them. */
const declarations = {
  read: declare('files.read', 'read', z.strictObject({ tree: treeInput, path: z.string() })),
  search: declare('code.search', 'read', z.strictObject({ tree: treeInput, query: z.string() })),
  edit: declare(
    'files.edit',
    'workspace',
    z.strictObject({ tree: treeInput, path: z.string(), text: z.string() }),
  ),
  test: declare('tests.run', 'workspace', z.strictObject({ tree: treeInput })),
}

type Declaration = Pick<Tool, 'name' | 'summary' | 'input' | 'effect'>

function declare(name: string, effect: Tool['effect'], input: z.ZodType): Declaration {
  return { name, summary: `The sample tool ${name}.`, effect, input }
}

export interface ScratchWorkspace {
  readonly tools: readonly AgentTool[]
  readonly acts: AgentActs
  readonly tree: string
  /** Calls that were performed, and not answered from the record. */
  readonly performed: readonly { readonly tool: string; readonly key: string }[]
  /** Refused calls, by their keys. */
  readonly refused: ReadonlyMap<string, RefusedCall>
  filesOf(tree: string): Files
}

/**
 * Files, an editor and tests in memory, behind a record like that of the door: the same key is performed once. A file
 * passes its test when it contains `right`. Every call says that it took `milliseconds`.
 */
export function scratchWorkspace(
  files: Files = { 'a.js': 'wrong' },
  { milliseconds = 0 }: { readonly milliseconds?: number } = {},
): ScratchWorkspace {
  const trees = new Map<string, Files>()
  const keep = (some: Files): string => {
    const tree = digestOfValue(some).slice('sha256:'.length, 'sha256:'.length + 40)
    trees.set(tree, some)
    return tree
  }
  const tree = keep(files)
  const record = new Map<string, ToolOutcome>()
  const performed: { tool: string; key: string }[] = []
  const refused = new Map<string, RefusedCall>()
  const filesOf = (id: string): Files => trees.get(id) ?? {}
  const written = z.object({ tree: z.string(), path: z.string().default(''), text: z.string().default('') })
  const perform = (tool: string, input: unknown): ToolOutcome => {
    const { tree: before, path, text } = written.parse(input)
    const current = filesOf(before)
    const answer = (output: JsonValue): ToolOutcome => ({ kind: 'answered', output, milliseconds })
    switch (tool) {
      case 'files.read':
        return path in current ? answer({ text: current[path] ?? '' }) : missing(path, milliseconds)
      case 'code.search':
        return answer({ text: Object.keys(current).join('\n') })
      case 'files.edit':
        return answer({ tree: keep({ ...current, [path]: text }), text: `changed ${path}` })
      default: {
        const failing = Object.keys(current)
          .filter((file) => !(current[file] ?? '').includes('right'))
          .map((file) => ({ id: `test of ${file}`, message: `${file} is not right` }))
        return answer({ tree: before, failing, text: `${failing.length} failing` })
      }
    }
  }
  return {
    tools: Object.values(declarations).map((declaration) => agentTool(declaration)),
    tree,
    performed,
    refused,
    filesOf,
    acts: {
      perform: ({ tool, input, key, signal }) => {
        signal.throwIfAborted()
        const recorded = record.get(key)
        if (recorded !== undefined) return Promise.resolve(recorded)
        performed.push({ tool, key })
        const outcome = perform(tool, input)
        record.set(key, outcome)
        return Promise.resolve(outcome)
      },
      refuse: (call) => {
        refused.set(call.key, call)
        return Promise.resolve()
      },
    },
  }
}

function missing(path: string, milliseconds: number): ToolOutcome {
  const error: Pick<ErrorReport, 'code' | 'message' | 'remedy'> = {
    code: 'ATL_SAMPLE_NO_FILE',
    message: `There is no file ${path}.`,
    remedy: 'Search for it.',
  }
  return { kind: 'failed', error, milliseconds }
}

/** An agent file with the given lines in place of its own. */
export function scratchAgent(changes: Readonly<Record<string, string>> = {}): ModelAgent {
  const lines: Record<string, string> = {
    name: 'mender',
    version: '1',
    role: 'Mends.',
    model: '{ route: small, maxOutputTokens: 2000 }',
    tools: '[files.read, code.search, files.edit, tests.run, notes.plan, person.ask]',
    limits: '{ seconds: 600, toolCalls: 100, tokens: 1000000, money: 1000000, steps: 50 }',
    output: 'change',
    ...changes,
  }
  const frontMatter = Object.entries(lines).map(([name, value]) => `${name}: ${value}`)
  const agent = parseAgent(`---\n${frontMatter.join('\n')}\n---\n\nMend it.\n`, 'mender.md')
  if ('program' in agent || agent.model === 'none') throw new Error('the sample agent has a model')
  return agent
}

export const scratchBrief: AgentBrief = {
  goal: 'Make the failing test pass.',
  constraints: ['Do not change tests.'],
  material: [{ label: 'issue', text: 'a.js is wrong' }],
  failingTests: [{ id: 'test of a.js', message: 'a.js is not right' }],
}

/** What `finish` takes when all went well. */
export const scratchResult = {
  status: 'done',
  cause: 'a.js:1 was wrong',
  summary: 'It is right now.',
  files: [{ path: 'a.js', what: 'right' }],
  tested: 'tests.run: all pass',
  remaining: [],
}
