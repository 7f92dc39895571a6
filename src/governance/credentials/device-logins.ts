import { randomInt } from 'node:crypto'
import { sql } from 'kysely'
import { everyScope } from '../../contracts/index.ts'
import type { Principal } from '../../contracts/index.ts'
import type { PrincipalId, TenantId } from '../../kernel/index.ts'
import type { Database, Tx } from '../../store/index.ts'
import { createSecret, hashOfSecret, hasSecretForm } from '../identity/index.ts'
import { issueApiToken } from './api-tokens.ts'
import type { IssuedApiToken } from './api-tokens.ts'
import { deviceErrors } from './errors.ts'
import { describeDevice } from './sessions.ts'

/** Sign-in on one device, approved in a browser on another (RFC 8628). */
export interface DeviceLogins {
  start(device: string): Promise<StartedDeviceLogin>
  /**
   * What whoever started it asks again and again. Once approved, it answers the token, once.
   * `slow-down`: it was asked too soon, and has to wait five seconds longer from now on.
   */
  poll(deviceCode: string): Promise<DeviceLoginState>
  /** What a person is shown before they decide. @throws ATL_DEVICE_CODE_UNKNOWN, ATL_DEVICE_DECIDED */
  look(userCode: string): Promise<{ readonly device: string; readonly startedAt: Date }>
  /**
   * A person's decision; with their approval, the device gets a token in their name.
   * @param record is called in the same transaction.
   * @throws ATL_DEVICE_CODE_UNKNOWN, ATL_DEVICE_DECIDED
   */
  decide(
    userCode: string,
    by: Principal,
    verdict: 'approved' | 'denied',
  ): Promise<{ readonly device: string }>
}

interface StartedDeviceLogin {
  readonly deviceCode: string
  /** `XXXX-XXXX`, for a person to compare and type. */
  readonly userCode: string
  readonly expiresInSeconds: number
  readonly intervalSeconds: number
}

export type DeviceLoginState =
  | { readonly kind: 'pending' | 'slow-down' | 'denied' | 'expired' }
  | { readonly kind: 'signed-in'; readonly token: IssuedApiToken; readonly principalId: PrincipalId }

const lifetimeSeconds = 600
const intervalSeconds = 5
const tokenLifetimeMs = 90 * 24 * 3600 * 1000
/** Consonants that are told apart when read out, none of which can spell a word (RFC 8628, section 6.1). */
const letters = 'BCDFGHJKLMNPQRSTVWXZ'
/** How many may wait at the same time, so that nobody fills the table. */
const mostPending = 10_000

export function createDeviceLogins(database: Database): DeviceLogins {
  const system = <T>(work: (tx: Tx) => Promise<T>): Promise<T> =>
    database.transaction({ kind: 'system' }, work)
  return {
    start: (device) =>
      system(async (tx) => {
        await forgetOld(tx)
        const deviceCode = createSecret('device')
        const userCode = createUserCode()
        await tx
          .insertInto('device_logins')
          .values({
            tenant_id: null,
            hash: hashOfSecret(deviceCode),
            user_code: userCode,
            device: describeDevice(device),
            principal_id: null,
            interval_seconds: intervalSeconds,
            polled_at: null,
            expires_at: sql<Date>`now() + ${lifetimeSeconds} * interval '1 second'`,
          })
          .execute()
        return { deviceCode, userCode, expiresInSeconds: lifetimeSeconds, intervalSeconds }
      }),
    poll: (deviceCode) => poll(database, deviceCode),
    look: (userCode) =>
      system(async (tx) => {
        const { device, created_at } = await findPending(tx, userCode)
        return { device, startedAt: created_at }
      }),
    decide: (userCode, by, verdict) =>
      system(async (tx) => {
        const { device, hash } = await findPending(tx, userCode)
        await tx
          .updateTable('device_logins')
          .set({ status: verdict, tenant_id: by.tenantId, principal_id: by.id })
          .where('hash', '=', hash)
          .execute()
        return { device }
      }),
  }
}

async function poll(database: Database, deviceCode: string): Promise<DeviceLoginState> {
  if (!hasSecretForm('device', deviceCode)) return { kind: 'expired' }
  const hash = hashOfSecret(deviceCode)
  const state = await database.transaction({ kind: 'system' }, async (tx) => {
    const row = await tx
      .selectFrom('device_logins')
      .select(['status', 'tenant_id', 'principal_id', 'device'])
      .select(sql<boolean>`expires_at <= now()`.as('expired'))
      .select(sql<boolean>`polled_at > now() - interval_seconds * interval '1 second'`.as('too_soon'))
      .where('hash', '=', hash)
      .forUpdate()
      .executeTakeFirst()
    if (row === undefined || row.expired || row.status === 'claimed') return { kind: 'expired' } as const
    if (row.status === 'denied') return { kind: 'denied' } as const
    const slower = row.too_soon ? 5 : 0
    await tx
      .updateTable('device_logins')
      .set(({ eb }) => ({
        polled_at: sql<Date>`now()`,
        interval_seconds: eb('interval_seconds', '+', slower),
        ...(row.status === 'approved' && { status: 'claimed' as const }),
      }))
      .where('hash', '=', hash)
      .execute()
    if (row.status === 'pending') return { kind: row.too_soon ? 'slow-down' : 'pending' } as const
    return {
      kind: 'claimed',
      tenantId: row.tenant_id,
      principalId: row.principal_id,
      device: row.device,
    } as const
  })
  if (state.kind !== 'claimed') return state
  // Claimed first and issued after: should the studio die in between, no token exists and the person signs in again.
  const scope = {
    kind: 'tenant',
    tenantId: state.tenantId as TenantId,
    principalId: state.principalId as PrincipalId,
  } as const
  const token = await database.transaction(scope, (tx) =>
    issueApiToken(tx, {
      ...scope,
      name: state.device,
      scopes: everyScope,
      lifetimeMs: tokenLifetimeMs,
      createdBy: scope.principalId,
    }),
  )
  return { kind: 'signed-in', token, principalId: scope.principalId }
}

async function findPending(tx: Tx, userCode: string) {
  const row = await tx
    .selectFrom('device_logins')
    .select(['hash', 'device', 'created_at', 'status'])
    .where('user_code', '=', normalise(userCode))
    .where('expires_at', '>', sql<Date>`now()`)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) throw deviceErrors.CODE_UNKNOWN()
  if (row.status !== 'pending') throw deviceErrors.DECIDED()
  return row
}

function createUserCode(): string {
  const pick = (): string => letters.charAt(randomInt(letters.length))
  const half = (): string => Array.from({ length: 4 }, pick).join('')
  return `${half()}-${half()}`
}

/** As people type it: in small letters, without the hyphen, with spaces. */
function normalise(userCode: string): string {
  const plain = userCode
    .toUpperCase()
    .replaceAll(/[^A-Z]/g, '')
    .slice(0, 8)
  return `${plain.slice(0, 4)}-${plain.slice(4)}`
}

/** Ended ones go, and the oldest of too many, whoever started them. */
async function forgetOld(tx: Tx): Promise<void> {
  await sql`delete from device_logins where expires_at < now() - interval '1 hour'`.execute(tx)
  await sql`
    delete from device_logins where hash in (
      select hash from device_logins where status = 'pending' order by created_at desc offset ${mostPending}
    )`.execute(tx)
}
