export { chunkFile, parseFile } from './chunk-file.ts'
export type { ChunkedFile } from './chunk-file.ts'
export { Lines } from './lines.ts'
export { maxFileBytes } from './screening.ts'
