import type { ToolContext } from '../../contracts/index.ts'
import type { ScratchWorkbench } from '../../testing/index.ts'
import type { Repository } from '../repository/index.ts'
import type { Workspace } from '../tools/index.ts'
import type { AgentTool } from './agent-tool.ts'
import { developmentTools } from './development-tools.ts'
import type { DevelopmentPlaces } from './places.ts'
import { WorkspaceSessions } from './running/sessions.ts'

/** A developer at work on a small repository: calls tools as an agent loop does, and keeps the tree. */
export class ScratchDeveloper implements AsyncDisposable {
  readonly workspace: Workspace
  readonly context: ToolContext
  readonly repository: Repository
  readonly sessions: WorkspaceSessions
  readonly #tools: ReturnType<typeof developmentTools>
  tree: string

  private constructor(
    workspace: Workspace,
    context: ToolContext,
    repository: Repository,
    places: DevelopmentPlaces,
  ) {
    this.workspace = workspace
    this.context = context
    this.repository = repository
    this.sessions = places.sessions
    this.#tools = developmentTools(places)
    this.tree = workspace.base.tree
  }

  static async open(
    workbench: ScratchWorkbench,
    files: Readonly<Record<string, string | Uint8Array>>,
    more: Partial<DevelopmentPlaces> = {},
  ): Promise<ScratchDeveloper> {
    const location = workbench.repository(files)
    const { workspace, context } = await workbench.prepare(location, { kind: 'repair' })
    const repository = await workbench.places.repositories.open({ tenantId: context.tenantId, location })
    const sessions = new WorkspaceSessions(workbench.places)
    return new ScratchDeveloper(workspace, context, repository, {
      execution: workbench.places,
      sessions,
      ...more,
    })
  }

  /** Calls a tool with what a model would write, and goes on with the tree that it leaves. */
  async call<N extends keyof ReturnType<typeof developmentTools>>(
    name: N,
    written: unknown,
    context: ToolContext = this.context,
  ): Promise<Awaited<ReturnType<ReturnType<typeof developmentTools>[N]['perform']>>> {
    const tool: AgentTool = this.#tools[name]
    const { workspace, tree } = this
    const input = tool.input.parse({ workspace, tree, arguments: written })
    const output = tool.output.parse(await tool.perform(input, context))
    this.tree = output.tree ?? this.tree
    return output as Awaited<ReturnType<ReturnType<typeof developmentTools>[N]['perform']>>
  }

  text(path: string): Promise<string | null> {
    return this.repository.readText(this.tree, path)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sessions.close()
  }
}
