export { installDependencies } from './install-dependencies.ts'
export type { InstalledDependencies, InstallSpec } from './install-dependencies.ts'
export { publicRegistries } from './registries.ts'
export type { Registries } from './registries.ts'
