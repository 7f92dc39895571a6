export { projectResource, scopeOf } from './access.ts'
export { createServices } from './services.ts'
export type { Services } from './services.ts'
export type { StudioServices } from './studio-services.ts'
