import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { problemOf } from '../../src/api/http/problem.ts'
import type { DocumentationAnswer } from '../../src/api/documentation/index.ts'
import { failuresOf } from '../../src/api/documentation/api-reference.ts'
import { exampleBody } from '../../src/api/documentation/request-example.ts'
import { describeCommand } from '../../src/cli/index.ts'
import { type Operation, openApiDocument, operations } from '../../src/contracts/api/index.ts'
import { AtelierError, errorCatalogue } from '../../src/kernel/index.ts'
import { loadDocumentation } from '../../src/main/documentation.ts'
import { renderErrorDocs } from '../../src/main/error-docs.ts'
import { program } from './command-line.ts'

const packageRoot = path.join(import.meta.dirname, '..', '..')
const documentation = await loadDocumentation({ packageRoot }, describeCommand(program), {
  besideStudio: true,
})
const api = openApiDocument(Object.values<Operation>(operations), '1')
const described = Object.values(api.paths).flatMap((methods) => Object.values(methods))

/** What a browser gets, after at most one redirection. */
async function load(address: string): Promise<DocumentationAnswer> {
  const answer = await documentation.answer(address)
  return answer.status === 301 ? documentation.answer(answer.headers['location'] ?? '') : answer
}

function addressesIn(text: string): string[] {
  return [...text.matchAll(/\s(?:href|src|action)="([^"]*)"|\burl\('([^']*)'\)/g)].map(
    ([, inPage, inStyle]) => inPage ?? inStyle!,
  )
}

function idsIn(text: string): string[] {
  return [...text.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]!)
}

it('has no link, picture or anchor that leads nowhere, wherever one goes from the first page', async () => {
  const loaded = new Map<string, string>()
  const dead: string[] = []
  const open = async (address: string, from: string): Promise<void> => {
    const [place = '', anchor] = address.split('#', 2)
    if (!loaded.has(place)) {
      const { status, headers, body } = await load(place)
      const isText = /html|css/.test(headers['content-type'] ?? '')
      loaded.set(place, isText ? String(body) : '')
      if (status !== 200) dead.push(`${from} → ${address}`)
      else if (isText)
        for (const next of addressesIn(String(body)))
          if (/^\/docs\b|^#/.test(next)) await open(next.startsWith('#') ? `${place}${next}` : next, place)
          else if (!/^(?:https?:|\/$|mailto:)/.test(next)) dead.push(`${place} → ${next}`)
    }
    if (anchor !== undefined && !idsIn(loaded.get(place) ?? '').includes(anchor))
      dead.push(`${from} → ${address}`)
  }
  await open('/docs/', '')
  expect(dead).toEqual([])
  expect(documentation.addresses().filter((address) => !loaded.has(address))).toEqual([])
})

it('has every page in the order in which it is read, and every decision in their list', async () => {
  const side = (text: string): string => /<nav aria-label="Pages">([^]*?)<\/nav>/.exec(text)?.[1] ?? ''
  const listed = addressesIn(side(String((await load('/docs/')).body)))
  const decisions = addressesIn(String((await load('/docs/adr')).body))
  const known = new Set([...listed, ...decisions, '/docs/files/routing.yaml'])
  expect(documentation.addresses().filter((address) => !known.has(address))).toEqual([])
  expect(listed.filter((address, index) => listed.indexOf(address) !== index)).toEqual([])
})

it('writes nothing into a page that runs or dresses it, and gives each id once', async () => {
  for (const address of documentation.addresses()) {
    const { headers, body } = await load(address)
    const text = String(body)
    expect(headers['content-security-policy']).not.toContain('unsafe')
    expect(text.match(/<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=/), address).toBeNull()
    const ids = idsIn(text)
    expect(
      ids.filter((id, index) => ids.indexOf(id) !== index),
      address,
    ).toEqual([])
  }
})

it('has a place for every error, where problems of the API point to', async () => {
  await renderErrorDocs()
  const ids = new Set(idsIn(String((await load('/docs/errors')).body)))
  const places = errorCatalogue().map((error) => problemOf(new AtelierError(error), 'req_1').type.split('#'))
  expect(places.length).toBeGreaterThan(100)
  expect(places.filter(([page, id]) => page !== '/docs/errors' || !ids.has(id!))).toEqual([])
})

describe('search', () => {
  it.each([
    ['backup', '/docs/operations#'],
    ['ATL_POLICY_DENIED', '/docs/errors#'],
    ['submitWorkItem', '/docs/reference/work#submitworkitem'],
    ['device sign-in', '/docs/identity#'],
    ['aproval', '/docs/'],
  ])('finds %s', async (question, address) => {
    const { body } = await load(`/docs/search?q=${encodeURIComponent(question)}`)
    expect(String(body)).toContain(`href="${address}`)
  })

  it('shows what was asked as text, and says so when there is nothing', async () => {
    const { body } = await load(`/docs/search?q=${encodeURIComponent('<script>alert(1)</script> "quoted"')}`)
    expect(String(body)).not.toContain('<script>alert')
    expect(String((await load('/docs/search?q=qqqqzzzz')).body)).toContain('Nothing fits')
    expect(String((await load('/docs/search')).body)).toContain('Type what you are looking for')
  })
})

it('answers 304 to whoever has the page already, and 404 with a page for what is not there', async () => {
  const { headers } = await documentation.answer('/docs/start')
  expect(await documentation.answer('/docs/start', headers['etag'])).toMatchObject({ status: 304, body: '' })
  expect(await documentation.answer('/docs/start.md')).toMatchObject({ status: 301 })
  const attempts = ['/docs/nowhere', '/docs/pictures/../../package.json', '/docs/assets/%2e%2e/package.json']
  for (const address of attempts) expect((await load(address)).status, address).toBe(404)
})

it('shows every operation, with an example that the operation takes and failures that the server answers', async () => {
  const catalogue = new Map(errorCatalogue().map((error) => [error.code, error]))
  for (const operation of described) {
    const { operationId, tags } = operation
    const text = String((await load(`/docs/reference/${tags[0] ?? ''}`)).body)
    expect(idsIn(text)).toContain(operationId.toLowerCase())
    const { body } = Object.values<Operation>(operations).find(({ id }) => id === operationId) ?? {}
    if (body !== undefined)
      expect(body.safeParse(exampleBody(operation, api.components.schemas)), operationId).toMatchObject({
        success: true,
      })
    for (const [status, code] of failuresOf(operation)) {
      const known = catalogue.get(code)
      expect(known, code).toBeDefined()
      expect(problemOf(new AtelierError(known!), 'req_1').status, code).toBe(status)
    }
  }
})

it('shows every command', async () => {
  const ids = idsIn(String((await load('/docs/reference/commands')).body))
  const commands = program.commands.flatMap((one) => [one, ...one.commands].map((two) => [one, two] as const))
  for (const [one, two] of commands)
    expect(ids).toContain(['atelier', one.name(), ...(one === two ? [] : [two.name()])].join('-'))
})
