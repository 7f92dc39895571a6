import type { TestCase } from '../../../contracts/index.ts'

/** A stack frame in a source file; `depth` 0 is where the error was thrown, as far as sources are concerned. */
export interface SourceFrame {
  readonly file: string
  /** 1-based. */
  readonly line: number
  readonly depth: number
}

/** Frames of the failing tests' stacks that lie in the given files. Paths are matched by their ends. */
export function sourceFrames(
  failing: readonly Pick<TestCase, 'message' | 'stack'>[],
  files: readonly string[],
): readonly SourceFrame[] {
  const byName = new Map<string, string[]>()
  for (const file of files) {
    const name = file.slice(file.lastIndexOf('/') + 1)
    byName.set(name, [...(byName.get(name) ?? []), file])
  }
  return failing.slice(0, 200).flatMap((test) => {
    const text = `${test.stack ?? ''}\n${test.message ?? ''}`.slice(0, 40_000)
    const frames: SourceFrame[] = []
    const seen = new Set<string>()
    for (const match of framesIn(text)) {
      const path = (match[1] ?? '').replaceAll('\\', '/')
      const candidates = byName.get(path.slice(path.lastIndexOf('/') + 1)) ?? []
      const file = candidates.find((candidate) => path === candidate || path.endsWith(`/${candidate}`))
      const key = `${path}:${match[2] ?? ''}`
      if (file === undefined || /\/(?:node_modules|site-packages)\//.test(path) || seen.has(key)) continue
      seen.add(key)
      frames.push({ file, line: Number(match[2]), depth: frames.length })
    }
    return frames
  })
}

/** `x.js:12:5`; `x.py:12: in f` and `File "x.py", line 12`, where the innermost call comes last. */
function framesIn(text: string): readonly RegExpExecArray[] {
  const scripts = [...text.matchAll(/([\w@./\\~+-]+\.[cm]?[jt]sx?):(\d+)(?::\d+)?/g)]
  const python = [...text.matchAll(/([\w@./\\~+-]+\.py)(?::|", line )(\d+)/g)]
  return [...scripts, ...python.reverse()]
}
