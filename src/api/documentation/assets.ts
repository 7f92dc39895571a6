import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'

export interface Asset {
  readonly type: string
  readonly content: string | Buffer
}

/** Where browsers fetch what pages are dressed with. */
const prefix = '/docs/assets/'
const script = 'text/javascript; charset=utf-8'

/**
 * What pages load. Colours, sizes and the look of text are those of the web application; its fonts are there once it has been
 * built.
 */
export class Assets {
  readonly #web: string
  readonly #pictures: string

  constructor(packageRoot: string) {
    this.#web = path.join(packageRoot, 'web')
    this.#pictures = path.join(packageRoot, 'docs/pictures')
  }

  /** The asset at this address; undefined where there is none. */
  async find(address: string): Promise<Asset | undefined> {
    if (address === `${prefix}site.css`)
      return { type: 'text/css; charset=utf-8', content: await this.#style() }
    const known = this.#files()[address]
    const picture = /^\/docs\/pictures\/([\w-]+\.png)$/.exec(address)?.[1]
    const [file, type] = known ?? [picture && path.join(this.#pictures, picture), 'image/png']
    if (!file || !existsSync(file)) return undefined
    return { type, content: await readFile(file) }
  }

  #files(): Readonly<Record<string, readonly [file: string, type: string]>> {
    return {
      [`${prefix}site.js`]: [path.join(this.#web, 'documentation/site.js'), script],
      [`${prefix}colour-scheme.js`]: [path.join(this.#web, 'public/colour-scheme.js'), script],
      [`${prefix}icon.svg`]: [path.join(this.#web, 'public/icon.svg'), 'image/svg+xml'],
      ...Object.fromEntries(
        this.#fonts().map((file) => [`${prefix}${path.basename(file)}`, [file, 'font/woff2']] as const),
      ),
    }
  }

  /** The bundler has given them names that change with their content. */
  #fonts(): string[] {
    const folder = path.join(this.#web, 'dist/assets')
    if (!existsSync(folder)) return []
    return readdirSync(folder)
      .filter((name) => name.endsWith('.woff2'))
      .map((name) => path.join(folder, name))
  }

  async #style(): Promise<string> {
    const files = ['src/ui/tokens.css', 'src/ui/base.css', 'documentation/site.css']
    const parts = await Promise.all(files.map((file) => readFile(path.join(this.#web, file), 'utf8')))
    const fonts = this.#fonts().map((file) => path.basename(file))
    return parts.join('\n').replaceAll(/@font-face \{[^}]*\}/g, (rule) => {
      const family = /url\('[^']*\/([\w-]+)\.woff2'\)/.exec(rule)?.[1]
      const font = fonts.find((name) => family !== undefined && name.startsWith(family))
      return font === undefined ? '' : rule.replace(/url\('[^']*'\)/, `url('${prefix}${font}')`)
    })
  }
}
