import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Scratch } from './scratch-repository.ts'

let scratch: Scratch
beforeEach(() => {
  scratch = new Scratch()
})
afterEach(() => scratch[Symbol.dispose]())

describe('the history of a commit', () => {
  it('tells messages and files, newest first, and nothing of later commits', async () => {
    const source = scratch.repository('app', { 'a.js': 'one\n', 'b c.js': 'two\n' })
    const second = source.commit('Fix it\n\nBecause it was broken.', { 'a.js': 'three\n' })
    source.commit('Nothing', {})
    source.commit('Later', { 'd.js': 'four\n' })
    const { repository } = await scratch.import(source.path)
    expect(await repository.history(second, 10)).toMatchObject([
      { commit: second, message: 'Fix it\n\nBecause it was broken.', paths: ['a.js'] },
      { message: 'First', paths: ['a.js', 'b c.js'] },
    ])
    const { commit } = await repository.resolve('HEAD')
    expect(await repository.history(commit, 2)).toMatchObject([
      { message: 'Later', paths: ['d.js'], committedAt: expect.stringMatching(/Z$/) as string },
      { message: 'Nothing', paths: [] },
    ])
  })

  it('is refused for what is not the id of a commit', async () => {
    const { repository } = await scratch.import(scratch.repository('app', { 'a.js': 'one\n' }).path)
    await expect(repository.history('--all', 1)).rejects.toMatchObject({
      code: 'ATL_REPOSITORY_UNKNOWN_REVISION',
    })
  })
})
