import type { fileKind } from '../../execution/repository/index.ts'

export type FileKind = ReturnType<typeof fileKind>

/** Kinds of files a search can be for. Tests and documents would push the code down that it is usually for. */
export const fileKinds = [
  'source',
  'test',
  'documentation',
  'configuration',
  'other',
] as const satisfies FileKind[]
