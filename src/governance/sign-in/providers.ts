import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import { roleSchema } from '../../contracts/index.ts'
import type { ProjectId, TenantId } from '../../kernel/index.ts'
import { oidcErrors } from './errors.ts'

const rolesSchema = z.array(roleSchema)
const grantSchema = z.strictObject({
  /** In the whole tenant. */
  roles: rolesSchema.default([]),
  /** In single projects. */
  projects: z.record(z.string().min(1), rolesSchema).default({}),
})

const isLoopback = (url: URL): boolean => ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)

const providerSchema = z.strictObject({
  /** As the sign-in page shows it. */
  name: z.string().min(1).max(100),
  issuer: z
    .url({ protocol: /^https?$/ })
    .refine((text) => new URL(text).protocol === 'https:' || isLoopback(new URL(text)), {
      error: 'only a provider on this machine may be asked without https',
    }),
  clientId: z.string().min(1),
  /** Name of the environment's variable; a public client, by PKCE alone, when absent. */
  clientSecret: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]*$/, 'the name of a variable, such as ACME_CLIENT_SECRET')
    .optional(),
  tenant: z
    .string()
    .min(1)
    .transform((id) => id as TenantId),
  scopes: z.array(z.string().min(1)).default(['openid', 'profile', 'email', 'groups']),
  /** Claim of the ID token, or of the user information, that lists the groups. */
  groupsClaim: z.string().min(1).default('groups'),
  /** What a group brings, by its name at the provider. */
  groups: z.record(z.string().min(1), grantSchema).default({}),
  /** What everybody has whom the provider lets in; nobody gets in without a group when absent. */
  everybody: rolesSchema.default([]),
})

const fileSchema = z.strictObject({
  providers: z.record(z.string().regex(/^[a-z][a-z0-9-]*$/), providerSchema).default({}),
})

/** An identity provider, whose people come into one tenant. */
export interface Provider extends z.output<typeof providerSchema> {
  readonly id: string
  /** The secret itself. */
  readonly secret: string | undefined
}

/**
 * Reads the identity providers from a YAML file; none where there is no such file.
 * @throws ATL_OIDC_CONFIGURATION_INVALID, ATL_OIDC_SECRET_MISSING
 */
export async function readProviders(
  file: string,
  secretNamed: (name: string) => string | undefined,
): Promise<readonly Provider[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return []
    throw oidcErrors.CONFIGURATION_INVALID({ detail: file, cause })
  }
  const { providers } = parseFile(file, text)
  return Object.entries(providers).map(([id, provider]) => {
    const name = provider.clientSecret
    const secret = name === undefined ? undefined : secretNamed(name)
    if (name !== undefined && !secret) throw oidcErrors.SECRET_MISSING({ detail: `${name}, for ${id}` })
    return { ...provider, id, secret }
  })
}

function parseFile(file: string, text: string): z.output<typeof fileSchema> {
  try {
    return fileSchema.parse(parse(text) ?? {})
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause)
    throw oidcErrors.CONFIGURATION_INVALID({ detail: `${file}: ${reason}`, cause })
  }
}

export interface GroupGrant {
  readonly roles: ReadonlySet<string>
  readonly projectRoles: readonly { readonly projectId: ProjectId; readonly role: string }[]
}

/** What somebody in these groups has. Groups that are not mapped bring nothing. */
export function grantOf(provider: Provider, groups: readonly string[]): GroupGrant {
  const mapped = groups.flatMap((group) =>
    Object.hasOwn(provider.groups, group) ? [provider.groups[group]] : [],
  )
  const roles = new Set<string>(provider.everybody)
  const projectRoles = new Map<string, { readonly projectId: ProjectId; readonly role: string }>()
  for (const grant of mapped) {
    for (const role of grant?.roles ?? []) roles.add(role)
    for (const [projectId, held] of Object.entries(grant?.projects ?? {}))
      for (const role of held)
        projectRoles.set(`${role} ${projectId}`, { projectId: projectId as ProjectId, role })
  }
  return { roles, projectRoles: [...projectRoles.values()] }
}
