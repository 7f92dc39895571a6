import type { JsonColumn } from '../../store/index.ts'
import type { ToolDefinition } from './definition.ts'

declare module '../../store/tables.ts' {
  interface Tables {
    mcp_tools: McpToolsTable
  }
}

/** One row for each tool that a server has offered or that a person has accepted. */
interface McpToolsTable {
  tenant_id: string
  server: string
  tool: string
  /** What the server offered last; null when it offers the tool no more. */
  seen_digest: string | null
  seen_definition: JsonColumn<ToolDefinition> | null
  seen_at: Date
  /** What a person has accepted. */
  accepted_digest: string | null
  accepted_definition: JsonColumn<ToolDefinition> | null
  principal_id: string | null
  accepted_at: Date | null
}
