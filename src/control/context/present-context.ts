import { plural } from '../../kernel/index.ts'
import type { AssembledContext, ContextPiece, Place } from './assembly/piece.ts'

const shortCommit = 12
const shownLeftOut = 20

/**
 * A context as Markdown: each piece under its path and lines, with what it is shown for, then what was left out.
 * @param clean makes text of the repository safe for where it is shown.
 */
export function presentContext(
  { pieces, leftOut, tokens, budget, commit }: AssembledContext,
  clean: (text: string) => string = (text) => text,
): string {
  const place = ({ path, startLine, endLine }: Place): string => `${clean(path)}:${startLine}-${endLine}`
  const record = leftOut
    .slice(0, shownLeftOut)
    .map((one) => `- ${place(one)} (${one.reason === 'no-room' ? `${one.tokens} tokens` : 'not indexed'})`)
  const more = leftOut.length - record.length
  return [
    `${plural(pieces.length, 'piece')} of ${commit.slice(0, shortCommit)}, ${tokens} of ${budget} tokens.`,
    ...pieces.flatMap((piece) => [
      '',
      `## ${place(piece)} @ ${piece.commit.slice(0, shortCommit)}`,
      '',
      ...(piece.role === 'code' ? [] : [`${piece.role}: ${clean(piece.why.join('; '))}`, '']),
      fenced(piece, clean),
    ]),
    ...(record.length === 0 ? [] : ['', 'Left out:', ...record, ...(more > 0 ? [`- and ${more} more`] : [])]),
  ].join('\n')
}

function fenced({ header, text }: ContextPiece, clean: (text: string) => string): string {
  const content = clean(`${header === '' ? '' : `${header}…\n`}${text}`).replace(/\n$/, '')
  // A fence must be longer than any inside.
  const longest = Math.max(2, ...[...content.matchAll(/`{3,}/g)].map(([fence]) => fence.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}\n${content}\n${fence}`
}
