import { expect, test } from 'vitest'
import { rolesInWords } from './role-words.ts'

test('says roles of the tenant and of projects in a line', () => {
  expect(rolesInWords({ roles: ['viewer', 'approver'], projectRoles: {} })).toBe('viewer, approver')
  expect(rolesInWords({ roles: ['viewer'], projectRoles: { a: ['engineer'] } })).toBe(
    'viewer; more in 1 project',
  )
  expect(rolesInWords({ roles: [], projectRoles: {} })).toBe('No role yet')
})
