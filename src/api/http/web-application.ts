import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'

/** Stands in `index.html` where a page needs the nonce of its content-security-policy. */
const nonceMarker = '__CSP_NONCE__'

/** Serves the web application: its files, and its page for every address that belongs to it. */
export class WebApplication {
  readonly #directory: string
  readonly #page: string | undefined

  /** `directory` holds what the bundler made; `index.html` and `assets/`, whose names change with their content. */
  constructor(directory: string) {
    this.#directory = directory
    const page = path.join(directory, 'index.html')
    this.#page = existsSync(page) ? readFileSync(page, 'utf8') : undefined
  }

  async addTo(app: FastifyInstance): Promise<void> {
    if (this.#page === undefined) return
    await app.register(fastifyStatic, {
      root: this.#directory,
      index: false,
      wildcard: false,
      globIgnore: ['index.html'],
      setHeaders: (response, file) => {
        const isHashed = file.startsWith(path.join(this.#directory, 'assets') + path.sep)
        response.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
      },
    })
  }

  /** The page, with a nonce of its own; false when there is none to send. */
  sendPage(reply: FastifyReply): FastifyReply | false {
    if (this.#page === undefined) return false
    const nonce = randomBytes(18).toString('base64')
    return reply
      .code(200)
      .header('content-type', 'text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .header('content-security-policy', pagePolicy(nonce))
      .send(this.#page.replaceAll(nonceMarker, nonce))
  }
}

function pagePolicy(nonce: string): string {
  return [
    `default-src 'none'`,
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    `img-src 'self' data:`,
    `font-src 'self'`,
    `connect-src 'self'`,
    `manifest-src 'self'`,
    `worker-src 'self'`,
    `base-uri 'none'`,
    `form-action 'self'`,
    `frame-ancestors 'none'`,
  ].join('; ')
}
