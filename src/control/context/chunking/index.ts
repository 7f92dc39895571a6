export { chunkFile } from './chunk-file.ts'
export { Lines } from './lines.ts'
export { maxFileBytes } from './screening.ts'
export type { Screening } from './screening.ts'
