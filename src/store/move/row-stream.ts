import { pipeline } from 'node:stream/promises'
import type { ClientBase } from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import type { MovedTable } from './moved-tables.ts'

export interface RowStream {
  readonly source: ClientBase
  readonly target: ClientBase
  readonly table: MovedTable
  /** Each of whom is read by itself; undefined where the source shows the rows of all at once. */
  readonly tenants: readonly string[] | undefined
  readonly signal: AbortSignal
  /** Hears how many rows have gone by. */
  readonly onRows: (rows: number) => void
}

/**
 * Passes the rows of a table from one server to the other as they come; the slower of the two sets the pace, and nothing
 * is kept in between. Both connections are of no use after a failure.
 * @returns how many rows the source says it has sent.
 */
export async function passRows(stream: RowStream): Promise<number> {
  const { source, target, table, tenants, signal, onRows } = stream
  const { name, tenantColumn } = table
  const columns = table.columns.join(', ')
  // A policy for all tenants may bind the connected user too, where it inherits from the role that the policy is for.
  const ofTenant = `where ${tenantColumn} = current_setting('atelier.tenant_id')`
  const selection = `select ${columns} from ${name} ${tenants === undefined ? '' : ofTenant}`
  const sent = { rows: 0 }
  async function* read(): AsyncGenerator<Buffer> {
    let passed = 0
    for (const tenant of tenants ?? [undefined]) {
      if (tenant !== undefined)
        await source.query(`select set_config('atelier.tenant_id', $1, true)`, [tenant])
      const rows = source.query(copyTo(`copy (${selection}) to stdout`))
      for await (const chunk of rows as AsyncIterable<Buffer>) {
        passed += linesIn(chunk)
        onRows(passed)
        yield chunk
      }
      // What ends the stream comes before what says how many rows it had, which is there by the next answer.
      await source.query('select')
      sent.rows += rows.rowCount
    }
  }
  await pipeline(read, target.query(copyFrom(`copy ${name} (${columns}) from stdin`)), { signal })
  return sent.rows
}

const lineFeed = 0x0a

/** A row is a line: in the text format of COPY, line feeds within values are escaped. */
function linesIn(chunk: Buffer): number {
  let lines = 0
  for (let at = chunk.indexOf(lineFeed); at !== -1; at = chunk.indexOf(lineFeed, at + 1)) lines += 1
  return lines
}
