import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, createClient } from '../client/index.ts'
import { createScratchStudio, type ScratchStudio, type ScratchTenant } from '../scratch-studio.ts'

let studio: ScratchStudio
let tenant: ScratchTenant

beforeAll(async () => {
  studio = await createScratchStudio()
  tenant = await studio.createTenant()
}, 120_000)
afterAll(() => studio[Symbol.asyncDispose]())

function as(name: 'viewer' | 'engineer'): Client {
  return createClient({ baseUrl: studio.url, headers: { authorization: tenant.authorization[name] } })
}

async function read(client: Client) {
  let tag = ''
  const { views } = await client.getRunViews({
    onResponse: ({ headers }) => (tag = headers.get('etag') ?? ''),
  })
  return { views, tag }
}

const failed = { name: 'Failed of late', filter: { status: 'failed' as const } }
const mine = { name: 'Mine', filter: { requester: 'person:viewer', text: 'till' } }

describe('views of the list of runs', () => {
  it('are kept for each person, in their order', async () => {
    const { views, tag } = await read(as('viewer'))
    expect(views).toEqual([])
    await as('viewer').setRunViews({ body: { views: [failed, mine] }, ifMatch: tag })
    expect((await read(as('viewer'))).views).toEqual([failed, mine])
    expect((await read(as('engineer'))).views).toEqual([])
  })

  it('are replaced only by who has seen them as they are, also of two at the same time', async () => {
    const client = as('viewer')
    const { tag } = await read(client)
    const body = { views: [failed] }
    await expect(client.setRunViews({ body })).rejects.toMatchObject({ code: 'ATL_API_MATCH_REQUIRED' })
    const both = await Promise.allSettled([
      client.setRunViews({ body, ifMatch: tag }),
      client.setRunViews({ body: { views: [mine] }, ifMatch: tag }),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    await expect(client.setRunViews({ body, ifMatch: tag })).rejects.toMatchObject({ status: 412 })
  })

  it.each([
    ['too many', Array.from({ length: 51 }, (_, index) => ({ ...failed, name: `View ${index}` }))],
    ['two of one name', [failed, { ...mine, name: failed.name }]],
    ['one without a name', [{ ...failed, name: ' ' }]],
    ['one with a filter that there is not', [{ name: 'Odd', filter: { colour: 'red' } as never }]],
  ])('are refused where they are %s', async (_, views) => {
    const { tag } = await read(as('viewer'))
    await expect(as('viewer').setRunViews({ body: { views }, ifMatch: tag })).rejects.toMatchObject({
      code: 'ATL_API_REQUEST_INVALID',
    })
  })
})
