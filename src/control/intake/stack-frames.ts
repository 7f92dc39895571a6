import type { Intent } from '../../contracts/index.ts'

type StackFrame = Intent['stackFrames'][number]

const maxFrames = 200

/** Frames that say nothing about the project: the runtime's own and installed packages'. */
const foreign =
  /^(?:node:|internal\/|native|<|\[|evalmachine|webpack-internal:|wasm:)|[\\/]node_modules[\\/]|[\\/](?:site|dist)-packages[\\/]|[\\/]lib[\\/]python\d/

/**
 * Finds stack frames of V8, of Python and of Firefox and Safari, and the `file:line:` positions that pytest, tsc and
 * linters print. Order is kept, repetitions and frames of the runtime and of installed packages are left out.
 */
export function findStackFrames(lines: Iterable<string>): readonly StackFrame[] {
  const frames = new Map<string, StackFrame>()
  for (const line of lines) {
    const frame = parseFrame(line.trim())
    if (frame === undefined || foreign.test(frame.file)) continue
    const key = `${frame.file}:${frame.line}`
    if (!frames.has(key)) frames.set(key, frame)
    if (frames.size >= maxFrames) break
  }
  return [...frames.values()]
}

function parseFrame(line: string): StackFrame | undefined {
  if (line.startsWith('at ')) return parseV8(line.slice(3).trim())
  const python = /^File "([^"]{1,1024})", line (\d{1,9})(?:, in ([\w<>.]{1,200}))?/.exec(line)
  if (python !== null) return frameOf(python[1], python[2], python[3])
  const firefox = /^([\w$./<>*[\]-]{0,200})@((?:file|https?):\/\/[^\s]{1,1024}|\/[^\s]{1,1024})$/.exec(line)
  if (firefox !== null) return position(firefox[2], firefox[1])
  const printed = /^(?:>\s*)?([\w@./\\-]{1,512}\.[A-Za-z]{1,5}):(\d{1,9})(?::\d{1,9})?(?::|$|\s)/.exec(line)
  return printed === null ? undefined : frameOf(printed[1], printed[2], undefined)
}

/** `fn (file:1:2)`, `async fn (file:1:2)`, `new C (file:1:2)`, `C.m [as n] (file:1:2)`, `file:1:2`. */
function parseV8(frame: string): StackFrame | undefined {
  if (!frame.endsWith(')')) return position(frame.replace(/^async /, ''), undefined)
  const open = frame.lastIndexOf(' (')
  if (open < 0) return undefined
  const symbol = frame
    .slice(0, open)
    .replace(/^(?:async |new )+/, '')
    .replace(/ \[as [^\]]{0,200}\]$/, '')
    .replace(/^(?:Object|Module|Function|global|globalThis)\./, '')
  return position(frame.slice(open + 2, -1), symbol)
}

function position(text: string | undefined, symbol: string | undefined): StackFrame | undefined {
  const match = /^(.{1,1024}?):(\d{1,9})(?::\d{1,9})?$/.exec((text ?? '').slice(0, 1100))
  return match === null ? undefined : frameOf(match[1], match[2], symbol)
}

function frameOf(
  file: string | undefined,
  line: string | undefined,
  symbol: string | undefined,
): StackFrame | undefined {
  const number = Number(line)
  const path = plainPath(file ?? '')
  if (path === '' || number < 1) return undefined
  const isNamed = symbol !== undefined && /^[\w$.#]+$/.test(symbol) && symbol !== 'anonymous'
  return isNamed ? { file: path, line: number, symbol } : { file: path, line: number }
}

/** `file:///a/b.js?x=1` → `/a/b.js`; backslashes become slashes. */
function plainPath(file: string): string {
  let path = file.replace(/^file:\/\/(?:localhost)?/, '').replace(/^https?:\/\/[^/]{1,255}/, '')
  path = path.replace(/[?#].*$/, '').replaceAll('\\', '/')
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
