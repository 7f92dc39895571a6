import type { ReadTextFileRequest, WriteTextFileRequest } from '@agentclientprotocol/sdk'
import { digestOf } from '../../../kernel/index.ts'
import { filePath } from '../../development/index.ts'
import { workspaceRoot } from '../../testing/index.ts'
import { codingAgentErrors } from '../errors.ts'
import { readTool, writeTool } from './act-tools.ts'
import type { Surroundings } from './surroundings.ts'

const largestFile = 8 * 1024 * 1024

/** `fs/read_text_file`: a file of the workspace, or a window of its lines. */
export async function readTextFile(
  { gate, acts, place, agent, signal }: Surroundings,
  { path: written, line, limit }: ReadTextFileRequest,
): Promise<{ content: string }> {
  const path = filePath(written)
  const tool = readTool(async () => {
    const bytes = await place.sandbox.readFile(`${workspaceRoot}/${path}`)
    if (bytes === null) throw codingAgentErrors.NO_FILE({ detail: path })
    return new TextDecoder().decode(bytes.subarray(0, largestFile))
  })
  const { text } = await gate.pass(() => acts.perform(tool, { agent, path }, signal))
  if (line == null && limit == null) return { content: text }
  const first = Math.max(1, line ?? 1) - 1
  const lines = text.split(/(?<=\n)/)
  return { content: lines.slice(first, limit == null ? undefined : first + limit).join('') }
}

/** `fs/write_text_file`: all of a file of the workspace. */
export async function writeTextFile(
  { gate, acts, place, agent, signal }: Surroundings,
  { path: written, content }: WriteTextFileRequest,
): Promise<void> {
  const path = filePath(written)
  const reason = await place.reasonToRefuse(path)
  if (reason !== undefined) throw codingAgentErrors.NOT_GRANTED({ detail: `${path} ${reason}` })
  const bytes = Buffer.byteLength(content)
  if (bytes > largestFile)
    throw codingAgentErrors.LIMIT_REACHED({ detail: `${path} would have ${bytes} bytes` })
  const inside = `${workspaceRoot}/${path}`
  const exists = (await place.sandbox.readFile(inside)) !== null
  const tool = writeTool(exists ? 'files.edit' : 'files.create', () =>
    place.sandbox.writeFile(inside, content),
  )
  await gate.pass(() => acts.perform(tool, { agent, path, bytes, digest: digestOf(content) }, signal))
}
