import 'server-only'
import type { Actor } from '~/domain/actor'
import { type InputTemplates, storedInputs } from '~/domain/deploy/inputs'
import type { DispatchInput } from '~/domain/deploy/request'
import { canonicalJson } from '~/server/audit/seal-record'
import { type DeployState, deployStateSelect } from '~/server/deploys/deploys'
import { knownDeployFreeze } from '~/server/freezes/read-deploy-freeze'
import { sha256 } from '~/server/platform/crypto'
import type { DatabaseHandle } from '~/server/platform/database'
import type { Prisma } from '~/server/platform/generated/client.ts'
import { declaredColumns, digestDeclaration } from '~/server/surfaces/declare/declarations'

const surfaceSelect = {
  ...declaredColumns,
  deployFreeze: true,
  deployFreezeReadAt: true,
} satisfies Prisma.SurfaceSelect

type DeclaredSurface = Prisma.SurfaceGetPayload<{ select: typeof surfaceSelect }>

/** The declaration of a surface, as far as a request is checked against it. */
export interface RequestedSurface
  extends Pick<
    DeclaredSurface,
    | 'id'
    | 'name'
    | 'environment'
    | 'repository'
    | 'workflow'
    | 'service'
    | 'ref'
    | 'confirm'
    | 'requiresApproval'
    | 'approvalMinutes'
    | 'dispatchAsk'
    | 'checklist'
    | 'onMoved'
  > {
  readonly dispatchInputs: InputTemplates | null
  readonly archived: boolean
  /** `digestDeclaration` of the whole declaration. */
  readonly declaration: string
  /** The last value read of the repository variable DEPLOY_FREEZE; null when it does not freeze. */
  readonly deployFreeze: { readonly reason: string; readonly readAt: Date } | null
}

/** What is stored about a request and its surface. */
export interface RequestRow {
  /** Whether an approval was opened, or the request was queued, under this key. */
  readonly hasApproval: boolean
  readonly isQueued: boolean
  /** The deploy that this request already started. */
  readonly deploy: (DeployState & { readonly requestDigest: string }) | null
  /** Null when no surface has this id. */
  readonly surface: RequestedSurface | null
}

export async function readRequest(
  db: DatabaseHandle,
  request: { readonly surfaceId: string; readonly requestedBy: string; readonly idempotencyKey: string },
): Promise<RequestRow> {
  const { surfaceId, ...key } = request
  const byKey = { requestedBy_idempotencyKey: key }
  const [approval, queued, deploy, surface] = await Promise.all([
    db.approval.findUnique({ where: byKey, select: { id: true } }),
    db.queuedRequest.findUnique({ where: byKey, select: { id: true } }),
    db.deploy.findUnique({ where: byKey, select: { ...deployStateSelect, requestDigest: true } }),
    db.surface.findUnique({ where: { id: surfaceId }, select: surfaceSelect }),
  ])
  return {
    hasApproval: approval !== null,
    isQueued: queued !== null,
    deploy,
    surface: surface === null ? null : requestedSurface(surface),
  }
}

function requestedSurface(row: DeclaredSurface): RequestedSurface {
  const { archivedAt, dispatchInputs } = row
  return {
    id: row.id,
    name: row.name,
    environment: row.environment,
    repository: row.repository,
    workflow: row.workflow,
    service: row.service,
    ref: row.ref,
    confirm: row.confirm,
    requiresApproval: row.requiresApproval,
    approvalMinutes: row.approvalMinutes,
    dispatchAsk: row.dispatchAsk,
    checklist: row.checklist,
    onMoved: row.onMoved,
    dispatchInputs: storedInputs.parse(dispatchInputs),
    archived: archivedAt !== null,
    declaration: digestDeclaration(row),
    deployFreeze: knownDeployFreeze(row),
  }
}

/** Tells a repetition from another request under the same key. The confirmation is not part of the request. */
export function digestRequest(input: DispatchInput): string {
  const parts = [input.surfaceId, input.ref, input.reason ?? '', input.expectedSha ?? '']
  // Absent parts are left out, so that digests stored by older versions still match.
  if (input.overrideFreeze !== undefined) parts.push(JSON.stringify(input.overrideFreeze))
  if (input.source !== undefined) parts.push(JSON.stringify(input.source))
  if (input.reviewedRunningSha !== undefined) parts.push(`runs ${input.reviewedRunningSha}`)
  if (input.basis !== undefined) parts.push(`basis ${canonicalJson(input.basis)}`)
  const asked = Object.entries(input.inputs ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
  if (asked.length > 0) parts.push(`inputs ${JSON.stringify(asked)}`)
  if (input.checklist !== undefined && input.checklist.length > 0)
    parts.push(`checklist ${JSON.stringify(input.checklist)}`)
  return sha256(JSON.stringify(parts))
}

export const idempotencyMismatch = {
  code: 'idempotency_mismatch',
  message: 'This idempotency key belongs to another request. Nothing was deployed. Send a new key with a new request.',
} as const

/** The stored idempotency key. It names the owner of a token, since two people may give their tokens the same label. */
export const requestKey = ({ via, userId }: Pick<Actor, 'via' | 'userId'>, idempotencyKey: string): string =>
  via === 'token' ? `${userId}:${idempotencyKey}` : idempotencyKey

/** The idempotency key as it was sent: the inverse of `requestKey`. */
export const sentKey = ({ via, userId }: Pick<Actor, 'via' | 'userId'>, storedKey: string): string =>
  via === 'token' && storedKey.startsWith(`${userId}:`) ? storedKey.slice(userId.length + 1) : storedKey
