import { describe, expect, it } from 'vitest'
import { clients } from './clients.ts'

describe('the settings of a client', () => {
  const place = { origin: 'https://studio.example.org', model: 'standard', project: 'prj_shop' }

  it.each(clients)('lead $name to the gateway, and name no token', ({ text }) => {
    expect(text(place)).toContain('https://studio.example.org/gateway')
    expect(text(place)).toMatch(/TOKEN/)
  })

  it('name the project where it is not clear by itself', () => {
    const naming = clients.filter(({ text }) => text(place).includes('prj_shop')).map(({ id }) => id)
    expect(naming).toEqual(['claude', 'codex', 'openai', 'anthropic'])
    expect(clients.some(({ text }) => text({ ...place, project: undefined }).includes('x-atelier'))).toBe(
      false,
    )
  })
})
