import type * as engineer from './engineer.ts'

/** The zero-token engineer, loaded when there is something to repair: parsers and templates take time to load. */
export function loadRepair(): Promise<typeof engineer> {
  return import('./engineer.ts')
}
