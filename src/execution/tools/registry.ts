import type { Tool } from '../../contracts/index.ts'
import { toolErrors } from './errors.ts'

/** Every capability of the studio by name. Names are unique. */
export class ToolRegistry {
  readonly #tools = new Map<string, Tool>()

  /** Parsing by the tool's own schemas makes its payload types safe to forget here. */
  register<I, O>(tool: Tool<I, O>): this {
    if (this.#tools.has(tool.name)) throw toolErrors.DECLARED_TWICE({ detail: tool.name })
    if (tool.effect.startsWith('external') && tool.recover === undefined) {
      throw toolErrors.NO_RECOVERY({ detail: tool.name })
    }
    this.#tools.set(tool.name, tool)
    return this
  }

  get all(): ReadonlyMap<string, Tool> {
    return this.#tools
  }

  /** Throws `ATL_TOOL_UNKNOWN`. */
  require(name: string): Tool {
    const tool = this.#tools.get(name)
    if (!tool) throw toolErrors.UNKNOWN({ detail: name })
    return tool
  }
}
