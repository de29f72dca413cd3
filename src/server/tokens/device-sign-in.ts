import 'server-only'
import { randomBytes, randomInt } from 'node:crypto'
import { type Actor, may, reaches } from '~/domain/actor'
import { PERSON_TOKEN_PERMISSIONS } from '~/domain/api-token'
import {
  type ApproveDeviceInput,
  DEVICE_PURPOSES,
  type DeviceRequestView,
  shownUserCode,
  USER_CODE_LENGTH,
  USER_CODE_LETTERS,
} from '~/domain/device-sign-in'
import { AppError } from '~/domain/errors'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { authorize, requireFreshProof, requireReach } from '~/server/auth/authorize'
import type { Deps } from '~/server/deps'
import { sha256 } from '~/server/platform/crypto'
import { type DatabaseHandle, violatedUniqueIndex } from '~/server/platform/database'
import { listSurfaces } from '~/server/surfaces/surfaces'
import { insertToken, markTokenProved, revokeTokenNamed, type TokenRow, tokenEvent } from '~/server/tokens/api-tokens'
import { rightsOfToken } from '~/server/tokens/authenticate-token'
import {
  countWaitingOf,
  type DeviceRequestRow,
  decideDeviceRequest,
  findByDeviceCode,
  findByUserCode,
  insertDeviceRequest,
  notePoll,
  takeDeviceRequest,
} from '~/server/tokens/device-requests'
import { digestToken, newToken, shortenToken } from '~/server/tokens/token-format'

type DeviceDeps = Pick<Deps, 'db' | 'now' | 'newId'>

const WAITS_MINUTES = 10
const POLL_EVERY_SECONDS = 5
/** Tolerates a small difference of clocks and the time that a request takes. */
const POLL_TOLERANCE_MS = 1_000
const WAITING_PER_ADDRESS = 20
/** How long a person's command line is signed in. Production asks for a fresh proof anyway. */
const TOKEN_DAYS = 30
const DAY_MS = 86_400_000

interface DeviceCode {
  readonly deviceCode: string
  readonly userCode: string
  readonly expiresIn: number
  readonly interval: number
}

/** Begins a sign-in of a machine or, with the token of a signed-in machine, a fresh proof for it. Throws `rate_limited`. */
export async function requestDevice(
  deps: DeviceDeps,
  asked: { readonly machine: string; readonly address: string; readonly actor: Actor | null },
): Promise<DeviceCode> {
  const { machine, address, actor } = asked
  const createdAt = deps.now()
  if ((await countWaitingOf(deps.db, address, createdAt)) >= WAITING_PER_ADDRESS) {
    throw new AppError(
      'rate_limited',
      `${WAITING_PER_ADDRESS} sign-ins of this address wait for somebody. Nothing was done. Try again in ${WAITS_MINUTES} minutes.`,
      { retryAfterSeconds: WAITS_MINUTES * 60 },
    )
  }
  const deviceCode = randomBytes(32).toString('base64url')
  const letters = Array.from({ length: USER_CODE_LENGTH }, () => USER_CODE_LETTERS[randomInt(USER_CODE_LETTERS.length)])
  const code = letters.join('')
  await insertDeviceRequest(deps.db, {
    id: deps.newId(),
    purpose: actor === null ? 'sign_in' : 'prove',
    deviceDigest: sha256(deviceCode),
    userCodeDigest: sha256(code),
    machine,
    address,
    tokenId: actor?.tokenId ?? null,
    createdAt,
    expiresAt: new Date(createdAt.getTime() + WAITS_MINUTES * 60_000),
  })
  return {
    deviceCode,
    userCode: shownUserCode(code),
    expiresIn: WAITS_MINUTES * 60,
    interval: POLL_EVERY_SECONDS,
  }
}

/** What the person would approve. Throws `device_code_unknown`. */
export async function findDevice(deps: DeviceDeps, actor: Actor, code: string): Promise<DeviceRequestView> {
  return viewOf(deps, actor, await requireDevice(deps, actor, code))
}

async function viewOf(deps: DeviceDeps, actor: Actor, request: DeviceRequestRow): Promise<DeviceRequestView> {
  const environments = (await listSurfaces(deps.db)).map(({ environment }) => environment)
  return {
    purpose: request.purpose === 'prove' ? 'prove' : 'sign_in',
    machine: request.machine,
    address: request.address,
    requestedAt: request.createdAt.toISOString(),
    expiresAt: request.expiresAt.toISOString(),
    permissions: permissionsOf(actor),
    environments: [...new Set(environments)].filter((environment) => reaches(actor, { environment })),
    tokenDays: TOKEN_DAYS,
  }
}

const permissionsOf = (actor: Actor) => PERSON_TOKEN_PERMISSIONS.filter((permission) => may(actor, permission))

/** A proof for a token is seen by its owner alone. */
async function requireDevice(deps: DeviceDeps, actor: Actor, code: string): Promise<DeviceRequestRow> {
  const request = await findByUserCode(deps.db, sha256(code))
  const isTheirs = request !== null && (request.token === null || request.token.userId === actor.userId)
  if (request !== null && isTheirs && request.state === 'waiting' && request.expiresAt > deps.now()) return request
  throw unknownCode()
}

const unknownCode = () =>
  new AppError(
    'device_code_unknown',
    'No sign-in waits for this code. Nothing was approved. Compare the code with the terminal, or start the sign-in there again.',
  )

/**
 * Lets the command line of a machine act for the person, or gives its token the person's fresh proof.
 *
 * @throws AppError `device_code_unknown`, `permission_refused`, `proof_stale`
 */
export async function approveDevice(deps: DeviceDeps, actor: Actor, input: ApproveDeviceInput): Promise<void> {
  authorize(actor, 'token.manage')
  const request = await requireDevice(deps, actor, input.code)
  for (const environment of input.environments) requireReach(actor, { environment })
  requireFreshProof(deps, actor, 'signing in a command line')
  const at = deps.now()
  await deps.db.$transaction(async (tx) => {
    const decision = {
      state: 'approved',
      userId: actor.userId,
      permissions: request.purpose === 'prove' ? [] : permissionsOf(actor),
      environments: request.purpose === 'prove' ? [] : input.environments,
      provedAt: actor.provedAt,
    } as const
    if (!(await decideDeviceRequest(tx, request.id, decision, at))) throw unknownCode()
    await appendAuditEvent(tx, { actor: actor.name, at }, deviceEvent('console.device.approved', request, decision))
  })
}

/** Refuses a request that the person did not start. Throws `device_code_unknown`. */
export async function denyDevice(deps: DeviceDeps, actor: Actor, code: string): Promise<void> {
  const request = await requireDevice(deps, actor, code)
  const at = deps.now()
  const decision = {
    state: 'denied' as const,
    userId: actor.userId,
    permissions: [],
    environments: [],
    provedAt: null,
  }
  await deps.db.$transaction(async (tx) => {
    if (!(await decideDeviceRequest(tx, request.id, decision, at))) throw unknownCode()
    await appendAuditEvent(tx, { actor: actor.name, at }, deviceEvent('console.device.denied', request, decision))
  })
}

const deviceEvent = (
  action: 'console.device.approved' | 'console.device.denied',
  { id, purpose, machine, address, tokenId }: DeviceRequestRow,
  { environments }: { readonly environments: readonly string[] },
) => ({
  action,
  status: null,
  payload: {
    request_id: id,
    purpose: DEVICE_PURPOSES.find((known) => known === purpose) ?? ('sign_in' as const),
    machine,
    address,
    environments,
    ...(tokenId === null ? {} : { token_id: tokenId }),
  },
})

/** What the machine gets once the person has approved: a token, or only the word that its token was proved. */
type DeviceAnswer =
  | { readonly purpose: 'prove' }
  | { readonly purpose: 'sign_in'; readonly token: string; readonly person: string; readonly expiresAt: Date }

/**
 * Answers a poll of the machine. The approval is used up with the first answer that says so.
 *
 * @throws AppError `authorization_pending`, `slow_down`, `access_denied`, `expired_token`, `token_label_taken`
 */
export async function collectDevice(deps: DeviceDeps, deviceCode: string): Promise<DeviceAnswer> {
  const request = await findByDeviceCode(deps.db, sha256(deviceCode))
  const at = deps.now()
  if (request === null || request.state === 'used' || request.expiresAt <= at) {
    throw new AppError('expired_token', 'This sign-in has expired or was used. Nothing was done. Start it again.')
  }
  if (request.state === 'denied') throw deniedSignIn()
  const unlessSince = new Date(at.getTime() - POLL_EVERY_SECONDS * 1_000 + POLL_TOLERANCE_MS)
  if (!(await notePoll(deps.db, request.id, { at, unlessSince }))) {
    throw new AppError('slow_down', `Ask every ${POLL_EVERY_SECONDS} seconds. The sign-in still waits.`)
  }
  if (request.state === 'waiting') {
    throw new AppError('authorization_pending', 'Nobody has approved this sign-in yet. Ask again.')
  }
  try {
    return await deps.db.$transaction((tx) => complete(tx, deps, request, at))
  } catch (error) {
    if (violatedUniqueIndex(error) === null) throw error
    throw new AppError(
      'token_label_taken',
      `A token of a script is called command-line-${labelOf(request.machine)}. No token was made. Revoke that one first, then sign in again.`,
    )
  }
}

const deniedSignIn = () => new AppError('access_denied', 'The sign-in was refused. No token was made.')

async function complete(
  tx: DatabaseHandle,
  deps: DeviceDeps,
  request: DeviceRequestRow,
  at: Date,
): Promise<DeviceAnswer> {
  if (!(await takeDeviceRequest(tx, request.id, at))) throw deniedSignIn()
  const { userId, provedAt, tokenId } = request
  if (userId === null || provedAt === null) throw deniedSignIn()
  if (tokenId !== null) {
    if (!(await markTokenProved(tx, { id: tokenId, userId, provedAt }))) throw deniedSignIn()
    return { purpose: 'prove' }
  }
  const secret = newToken()
  const label = `command-line-${labelOf(request.machine)}`
  const old = await revokeTokenNamed(tx, { userId, label, kind: 'person' }, at)
  const person = old?.user.email ?? 'console'
  if (old !== null) await appendAuditEvent(tx, { actor: person, at }, tokenEvent('console.token.revoked', old))
  const row = await insertToken(tx, {
    id: deps.newId(),
    kind: 'person',
    machine: request.machine,
    provedAt,
    label,
    digest: digestToken(secret),
    shown: shortenToken(secret),
    userId,
    permissions: request.permissions,
    environments: request.environments,
    allSurfaces: true,
    surfaces: [],
    createdAt: at,
    expiresAt: new Date(at.getTime() + TOKEN_DAYS * DAY_MS),
  })
  requireAccess(row)
  await appendAuditEvent(tx, { actor: row.user.email, at }, tokenEvent('console.token.created', row))
  return { purpose: 'sign_in', token: secret, person: row.user.email, expiresAt: row.expiresAt }
}

/** The person may have lost access since the approval. */
function requireAccess(row: TokenRow): void {
  if (rightsOfToken(row) === null) throw deniedSignIn()
}

/** The machine's name in the letters of a label. */
const labelOf = (machine: string): string => machine.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 40)
