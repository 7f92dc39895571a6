import { defineKind } from './kind.ts'
import { proposeNpmUpdate, verifyNpmUpdate } from './npm-update.ts'
import { proposePipUpdate, verifyPipUpdate } from './pip-update.ts'

/** Newer versions of dependencies, within what was asked for. Nothing of a package runs before the tests do. */
export const dependencyUpdate = defineKind({
  kind: 'dependency-update',
  summary: 'Updates dependencies and lock file within limits.',
  propose: (place, task) =>
    place.packageManager === 'pip' ? proposePipUpdate(place, task) : proposeNpmUpdate(place, task),
  verify: (place, task, tree) =>
    place.packageManager === 'pip' ? verifyPipUpdate(place, task, tree) : verifyNpmUpdate(place, task, tree),
})
