import 'server-only'
import { type Standing, standingSelect } from '~/server/deploys/deploys'
import type { DatabaseHandle } from '~/server/platform/database'
import type { Prisma } from '~/server/platform/generated/client.ts'

const surfaceSelect = {
  id: true,
  name: true,
  environment: true,
  repository: true,
  workflow: true,
  ref: true,
  confirm: true,
  requiresApproval: true,
  approvalMinutes: true,
  archivedAt: true,
  deployFreeze: true,
  deployFreezeReadAt: true,
} satisfies Prisma.SurfaceSelect

type DeclaredSurface = Prisma.SurfaceGetPayload<{ select: typeof surfaceSelect }>

/** A surface as it is declared: what a request for a deploy of it is judged by. */
export interface RequestedSurface extends Omit<DeclaredSurface, 'archivedAt' | 'deployFreeze' | 'deployFreezeReadAt'> {
  readonly archived: boolean
  /** What freezes production by the repository variable DEPLOY_FREEZE, as it was read last; null when nothing does. */
  readonly deployFreeze: { readonly reason: string; readonly readAt: Date } | null
}

/** What is known of a request for a deploy. */
export interface RequestRow {
  /** It waits for, or went through, an approval already. */
  readonly asked: boolean
  /** The deploy it became already. */
  readonly deploy: (Standing & { readonly requestDigest: string }) | null
  /** Null when there is none of that id. */
  readonly surface: RequestedSurface | null
}

export async function readRequest(
  db: DatabaseHandle,
  request: { readonly surfaceId: string; readonly requestedBy: string; readonly idempotencyKey: string },
): Promise<RequestRow> {
  const { surfaceId, ...key } = request
  const byKey = { requestedBy_idempotencyKey: key }
  const [approval, deploy, surface] = await Promise.all([
    db.approval.findUnique({ where: byKey, select: { id: true } }),
    db.deploy.findUnique({ where: byKey, select: { ...standingSelect, requestDigest: true } }),
    db.surface.findUnique({ where: { id: surfaceId }, select: surfaceSelect }),
  ])
  return { asked: approval !== null, deploy, surface: surface === null ? null : requested(surface) }
}

function requested({ archivedAt, deployFreeze, deployFreezeReadAt, ...surface }: DeclaredSurface): RequestedSurface {
  const freezes = deployFreeze !== null && deployFreezeReadAt !== null
  return {
    ...surface,
    archived: archivedAt !== null,
    deployFreeze: freezes ? { reason: deployFreeze, readAt: deployFreezeReadAt } : null,
  }
}
