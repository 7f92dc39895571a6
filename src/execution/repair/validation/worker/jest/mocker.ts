import { exportOf, loadProjectPackage } from '../project-packages.ts'

/** The project's own `jest-mock`, and what of it the studio calls itself. */
export interface Mocker {
  readonly instance: object
  clearAllMocks(): void
  resetAllMocks(): void
  restoreAllMocks(): void
  /** A module of which every function does nothing and is watched. */
  standIn(actual: unknown): unknown
}

interface ModuleMocker {
  clearAllMocks(): void
  resetAllMocks(): void
  restoreAllMocks(): void
  getMetadata(value: unknown): unknown
  generateFromMetadata(metadata: unknown): unknown
}

type MockerClass = new (global: object) => ModuleMocker

const owners = ['jest', '@jest/core', 'jest-cli', 'jest-config', 'jest-environment-node', 'jest-runtime']

export function loadMocker(directory: string): Mocker {
  const loaded = loadProjectPackage(directory, 'jest-mock', owners)
  const constructor = exportOf(loaded, 'ModuleMocker') ?? loaded
  if (typeof constructor !== 'function') throw new Error('the project has no jest-mock')
  const instance = new (constructor as MockerClass)(globalThis)
  return {
    instance,
    clearAllMocks: () => {
      instance.clearAllMocks()
    },
    resetAllMocks: () => {
      instance.resetAllMocks()
    },
    restoreAllMocks: () => {
      instance.restoreAllMocks()
    },
    standIn: (actual) => instance.generateFromMetadata(instance.getMetadata(actual)),
  }
}
