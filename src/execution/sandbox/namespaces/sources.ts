import type { Source } from './staging.ts'

/** Collects what a sandbox is made of; each source is known by its number from then on. */
export class Sources {
  readonly #list: Source[] = []

  get list(): readonly Source[] {
    return this.#list
  }

  layer(path: string): number {
    return this.#list.push({ path, isLayer: true }) - 1
  }

  file(path: string): number {
    return this.#list.push({ path, isLayer: false }) - 1
  }
}
