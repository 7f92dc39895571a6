import { readFileSync, realpathSync } from 'node:fs'
import Module, { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import vm from 'node:vm'

import { gaugeName, reachName, stepInsertions } from '../instrumentation.ts'
import { insertAll } from '../insertion.ts'
import { outlineOf } from '../outline.ts'
import { probeName } from '../probe-plan.ts'
import { toCommonJs } from './common-js.ts'
import type { StepGauge } from './gauge.ts'
import type { InputProbe } from './input-probe.ts'

/** What a module is given besides the five of Node: the gauge, the coverage marker and the probe of inputs. */
type ModuleFunction = (
  exports: unknown,
  require: ProjectRequire,
  module: LoadedModule,
  filename: string,
  dirname: string,
  gauge: StepGauge,
  reach: (region: number) => void,
  meta: unknown,
  probe: InputProbe,
) => unknown

export interface LoadedModule {
  exports: unknown
  readonly id: string
  readonly filename: string
  loaded: boolean
  readonly parent: LoadedModule | null
  readonly children: LoadedModule[]
  readonly paths: readonly string[]
  readonly path: string
  require: ProjectRequire
}

interface ProjectRequire {
  (request: string): unknown
  resolve: (request: string) => string
  cache: Record<string, LoadedModule>
  main: LoadedModule | undefined
}

/** How a file is turned into text that counts its steps; the text must have the meaning of the original. */
export type Instrument = (
  path: string,
  text: string,
) => { readonly text: string; readonly reach?: (region: number) => void }

/** Answers requests that a test framework wants to answer itself: its own name, mocked modules. */
export type Intercept = (request: string, from: string) => { readonly exports: unknown } | undefined

interface CompiledModule {
  readonly run: ModuleFunction
  readonly reach: (region: number) => void
}

const extensions = ['', '.js', '.cjs', '.mjs', '.ts', '.tsx', '.jsx', '.mts', '.cts', '.json']
const nothing = (): void => undefined

/**
 * The project's own modules, loaded afresh for every candidate from functions compiled once. What lies in
 * `node_modules` is left to Node and stays loaded.
 */
export class Program {
  readonly root: string
  /** Folder of the package whose tests are run. */
  readonly directory: string
  readonly gauge: StepGauge
  readonly #probe: InputProbe
  readonly #compiled = new Map<string, CompiledModule>()
  readonly #resolved = new Map<string, string | null>()
  readonly #overrides = new Map<string, CompiledModule>()
  #instrument: Instrument
  #cache: Record<string, LoadedModule> = {}
  #intercept: Intercept = () => undefined

  constructor(root: string, directory: string, gauge: StepGauge, probe: InputProbe) {
    this.root = realpathSync(root)
    this.directory = join(this.root, directory)
    this.gauge = gauge
    this.#probe = probe
    this.#instrument = withSteps
  }

  /** Changes how files are instrumented; everything is compiled again. */
  instrumentWith(instrument: Instrument | null): void {
    this.#instrument = instrument ?? withSteps
    this.#compiled.clear()
  }

  /** Makes the given, already instrumented text stand for a file until it is given null. */
  override(path: string, text: string | null): void {
    const file = join(this.root, path)
    if (text === null) this.#overrides.delete(file)
    else this.#overrides.set(file, { run: this.#compile(file, text), reach: nothing })
  }

  /** Forgets all loaded modules of the project. */
  reset(intercept: Intercept): void {
    this.#cache = Object.create(null) as Record<string, LoadedModule>
    this.#intercept = intercept
  }

  /** Forgets loaded modules in the middle of a run, as `jest.resetModules` does. */
  forget(): void {
    for (const file of Object.keys(this.#cache)) Reflect.deleteProperty(this.#cache, file)
  }

  isOwn(file: string): boolean {
    return (
      file.startsWith(this.root + sep) && !file.slice(this.root.length).includes(`${sep}node_modules${sep}`)
    )
  }

  /** Loads a file of the project as Node would its main module. */
  load(path: string): unknown {
    const file = join(this.root, path)
    return this.#require(file, null).exports
  }

  /** Loads what `request` means in the file `from` with fresh modules that nobody else sees. */
  loadApart(request: string, from: string): unknown {
    return this.apart(() => this.requireActual(request, from))
  }

  /** Does something with fresh modules that nobody else sees. */
  apart<T>(work: () => T): T {
    const outer = this.#cache
    this.#cache = Object.create(null) as Record<string, LoadedModule>
    try {
      return work()
    } finally {
      this.#cache = outer
    }
  }

  /** Everything of the project that was loaded since the last reset, relative to its root. */
  loadedFiles(): readonly string[] {
    return Object.keys(this.#cache).map((file) => file.slice(this.root.length + 1))
  }

  resolve(request: string, from: string): string {
    const key = `${dirname(from)}\0${request}`
    let found = this.#resolved.get(key)
    if (found === undefined) {
      found = this.#find(request, from)
      this.#resolved.set(key, found)
    }
    // Node's own message and code, which programs rely on.
    return found ?? createRequire(from).resolve(request)
  }

  /** Loads what `request` means in the file `from`, without asking the interceptor. */
  requireActual(request: string, from: string): unknown {
    const file = this.resolve(request, from)
    return this.isOwn(file) ? this.#require(file, null).exports : createRequire(from)(file)
  }

  #find(request: string, from: string): string | null {
    if (Module.isBuiltin(request)) return request
    try {
      const file = createRequire(from).resolve(request)
      return file
    } catch (error) {
      if (!/^\.{0,2}\//.test(request) && request !== '.' && request !== '..')
        return this.#findPackage(request, from)
      const base = request.startsWith('/') ? request : join(dirname(from), request)
      for (const stem of [
        base,
        base.replace(/\.([cm]?)js$/, '.$1ts'),
        base.replace(/\.js$/, '.tsx'),
        join(base, 'index'),
      ]) {
        for (const extension of extensions)
          if (isFile(stem + extension)) return realpathSync(stem + extension)
      }
      if (error instanceof Error && 'code' in error && error.code === 'ERR_REQUIRE_ESM') throw error
      return null
    }
  }

  /** Packages that are only meant to be imported have no entry for `require`. */
  #findPackage(request: string, from: string): string | null {
    try {
      const resolved = import.meta.resolve(request, pathToFileURL(from).href)
      return resolved.startsWith('file:') ? realpathSync(new URL(resolved)) : null
    } catch {
      return null
    }
  }

  #require(file: string, parent: LoadedModule | null): LoadedModule {
    const cached = this.#cache[file]
    if (cached !== undefined) return cached
    const module = this.#createModule(file, parent)
    this.#cache[file] = module
    let succeeded = false
    try {
      if (file.endsWith('.json')) {
        module.exports = JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''))
      } else if (file.endsWith('.node')) {
        module.exports = createRequire(file)(file)
      } else {
        const { run, reach } = this.#compiledModule(file)
        const meta = {
          url: pathToFileURL(file).href,
          filename: file,
          dirname: dirname(file),
          main: parent === null,
        }
        run.call(
          module.exports,
          module.exports,
          module.require,
          module,
          file,
          module.path,
          this.gauge,
          reach,
          meta,
          this.#probe,
        )
      }
      module.loaded = true
      succeeded = true
    } finally {
      if (!succeeded) Reflect.deleteProperty(this.#cache, file)
    }
    return module
  }

  #createModule(file: string, parent: LoadedModule | null): LoadedModule {
    const require = ((request: string) => {
      const intercepted = this.#intercept(request, file)
      if (intercepted !== undefined) return intercepted.exports
      const target = this.resolve(request, file)
      return this.isOwn(target)
        ? this.#require(target, module).exports
        : (createRequire(file)(target) as unknown)
    }) as ProjectRequire
    const module: LoadedModule = {
      exports: {},
      id: parent === null ? '.' : file,
      filename: file,
      loaded: false,
      parent,
      children: [],
      paths: [],
      path: dirname(file),
      require,
    }
    parent?.children.push(module)
    require.resolve = (request) => this.resolve(request, file)
    require.cache = this.#cache
    let main = module
    while (main.parent !== null) main = main.parent
    require.main = main
    return module
  }

  #compiledModule(file: string): CompiledModule {
    const overriding = this.#overrides.get(file)
    if (overriding !== undefined) return overriding
    let compiled = this.#compiled.get(file)
    if (compiled === undefined) {
      const { text, reach = nothing } = this.#instrument(file, readFileSync(file, 'utf8'))
      compiled = { run: this.#compile(file, text), reach }
      this.#compiled.set(file, compiled)
    }
    return compiled
  }

  #compile(file: string, text: string): ModuleFunction {
    const parameters = [
      'exports',
      'require',
      'module',
      '__filename',
      '__dirname',
      gaugeName,
      reachName,
      '$meta$',
      probeName,
    ]
    return vm.compileFunction(toCommonJs(file, text.replace(/^#!.*/, '')), parameters, {
      filename: file,
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }) as ModuleFunction
  }
}

/** Steps counted; a file that cannot be parsed is left as it is, so that Node's own error appears. */
function withSteps(path: string, text: string): { readonly text: string } {
  const outline = outlineOf(path, text)
  return { text: outline === null ? text : insertAll(text, stepInsertions(outline)) }
}

function isFile(path: string): boolean {
  try {
    return !readFileSync(path).subarray(0, 0).length
  } catch {
    return false
  }
}
