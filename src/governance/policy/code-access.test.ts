import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Principal } from '../../contracts/index.ts'
import type { TenantId } from '../../kernel/index.ts'
import { codeAccess, loadPolicies, type PolicyEngine } from './index.ts'

const shipped = resolve(import.meta.dirname, '../../../policies')
const repository = { location: '/srv/app', trusted: false }

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'atelier-code-access-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function load(own: string): Promise<PolicyEngine> {
  writeFileSync(join(folder, 'own.cedar'), own)
  return loadPolicies({ schemaFile: join(shipped, 'schema.cedarschema'), folders: [shipped, folder] })
}

function person(...roles: Principal['roles']): Principal {
  return { kind: 'person', id: 'person:ada', tenantId: 'ten_1' as TenantId, roles } as Principal
}

it('is the whole repository for who has a role, and nothing for others', async () => {
  const policy = await load('')
  expect(codeAccess(policy, person('viewer'), repository)).toEqual({ paths: [''], except: [] })
  expect(codeAccess(policy, person(), repository)).toEqual({ paths: [], except: [] })
})

it('leaves out folders and files that a policy of one’s own refuses', async () => {
  const policy = await load(`
    @id("own/keys-are-for-security")
    forbid (principal, action == Atelier::Action::"read-code", resource in Atelier::CodePath::"internal/keys")
    unless { principal in Atelier::Role::"security" };
    @id("own/one-file-of-one-repository")
    forbid (principal, action == Atelier::Action::"read-code", resource in Atelier::CodePath::"src/prices.ts")
    when { resource in Atelier::Repository::"/srv/app" };`)
  const except = ['internal/keys', 'src/prices.ts']
  expect(codeAccess(policy, person('engineer'), repository)).toEqual({ paths: [''], except })
  expect(codeAccess(policy, person('security'), repository)).toEqual({ paths: [''], except: except.slice(1) })
  expect(codeAccess(policy, person('engineer'), { ...repository, location: '/srv/other' })).toEqual({
    paths: [''],
    except: except.slice(0, 1),
  })
})

it('can be one folder alone, and never more than an outer refusal leaves', async () => {
  const policy = await load(`
    @id("own/visitors-read-documents")
    permit (principal == Atelier::Person::"person:ada", action == Atelier::Action::"read-code",
      resource in Atelier::CodePath::"docs");
    @id("own/no-drafts")
    forbid (principal, action == Atelier::Action::"read-code", resource in Atelier::CodePath::"docs/drafts")
    unless { resource in Atelier::CodePath::"docs/drafts/shared" };`)
  expect(codeAccess(policy, person(), repository)).toEqual({ paths: ['docs'], except: ['docs/drafts'] })
})
