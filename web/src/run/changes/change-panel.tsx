import type { Run } from '../../api/index.ts'
import { ChangeView } from './change-view.tsx'
import type { LineNote } from './line-notes.ts'

/** The change of a run with everything that was said about its lines. */
export function ChangePanel({ run, patch }: { readonly run: Run; readonly patch: string }) {
  const notes = run.report.findings.flatMap(
    ({ file, line, rule, severity, message, suggestion }, index): readonly LineNote[] =>
      file === undefined || line === undefined
        ? []
        : [
            {
              id: `finding-${index}`,
              path: file,
              line,
              by: rule,
              text: message,
              severity,
              ...(suggestion === undefined ? {} : { suggestion }),
            },
          ],
  )
  return <ChangeView patch={patch} summary={run.report.summary} notes={{ all: notes }} />
}
