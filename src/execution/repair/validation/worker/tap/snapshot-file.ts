import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** The recorded snapshots of one test file. Only read: a missing one fails its assertion. */
export class SnapshotFile {
  readonly #root: string
  readonly #file: string
  readonly #seen = new Map<string, number>()
  #entries: Readonly<Record<string, string>> | null = null

  constructor(root: string, file: string) {
    this.#root = root
    this.#file = file
  }

  /** Text recorded for the next use of a title, such as `suite test > message`. */
  read(title: string): string | undefined {
    const key = `${this.#file} TAP ${title}`.replace(/\s+/g, ' ')
    const index = (this.#seen.get(key) ?? 0) + 1
    this.#seen.set(key, index)
    return this.#load()
      [`${key} ${index}`]?.replaceAll('\r\n', '\n')
      .replaceAll(/^\n|\n$/g, '')
  }

  #load(): Readonly<Record<string, string>> {
    if (this.#entries !== null) return this.#entries
    const flat = `${this.#file.replaceAll(/[^a-zA-Z0-9._-]/g, '-')}-TAP.test`
    const names = [`${this.#file}.test.cjs`, `${this.#file}.test.js`, `${flat}.js`, `${flat}.cjs`]
    const found = names
      .map((name) => join(this.#root, 'tap-snapshots', name))
      .find((path) => existsSync(path))
    const raw = found === undefined ? {} : (createRequire(found)(found) as Record<string, string>)
    this.#entries = Object.fromEntries(
      Object.entries(raw).map(([key, text]) => [key.replaceAll(/\s+/g, ' '), text]),
    )
    return this.#entries
  }
}
