import 'server-only'
import { type DeployWatch, describeWatch, hasTurned, ROLLBACK_MODES, type RollbackMode } from '~/domain/deploy/watch'
import { appendAuditEvent } from '~/server/audit/append-audit'
import type { DatabaseHandle } from '~/server/platform/database'
import type { Prisma } from '~/server/platform/generated/client.ts'

export const watchSelect = {
  deployId: true,
  surfaceId: true,
  kind: true,
  mode: true,
  minutes: true,
  declaration: true,
  state: true,
  healthyAt: true,
  until: true,
  failing: true,
  turnedAt: true,
  detail: true,
  targetId: true,
  targetSha: true,
  targetHealthyAt: true,
  reason: true,
  rollbackDeployId: true,
  approvalId: true,
} satisfies Prisma.DeployWatchSelect

export type WatchRow = Prisma.DeployWatchGetPayload<{ select: typeof watchSelect }>

/** The mode of a stored watch. What this version does not know starts nothing. */
export const modeOf = (stored: string): RollbackMode => ROLLBACK_MODES.find((known) => known === stored) ?? 'offer'

/** The end of a watch: its minutes after the end of the deploy. */
export const endOfWatch = (finishedAt: Date, minutes: number): Date => new Date(finishedAt.getTime() + minutes * 60_000)

/** Arms the rollback of a new deploy, in the transaction that inserts it. A rollback is never rolled back without a person. */
export async function armDeploy(
  tx: DatabaseHandle,
  deploy: { readonly id: string; readonly surfaceId: string; readonly kind: string },
  declared: { readonly rollbackMode: string; readonly watchMinutes: number; readonly declaration: string },
): Promise<void> {
  const { id: deployId, surfaceId, kind } = deploy
  const { rollbackMode, watchMinutes: minutes, declaration } = declared
  const mode = kind === 'rollback' ? 'offer' : modeOf(rollbackMode)
  await tx.deployWatch.create({
    data: { deployId, surfaceId, kind, mode, minutes, declaration },
    select: { deployId: true },
  })
}

/** Why a watch was disarmed, as a sentence. */
export const DISARMED = {
  newer_deploy: 'A newer deploy was requested.',
  locked: 'The surface was locked.',
  rollback_asked: 'A rollback waits for approval.',
  stopped: 'Somebody stopped watching.',
} as const
export type Disarmed = keyof typeof DISARMED

/** Ends the watches of a surface on which nothing was done yet. `except`: the deploy that is the reason. Returns how many. */
export async function disarmWatches(
  tx: DatabaseHandle,
  watches: { readonly surfaceId: string; readonly except?: string; readonly deployId?: string },
  { because, actor, at }: { readonly because: Disarmed; readonly actor: string; readonly at: Date },
): Promise<number> {
  const { surfaceId, except, deployId } = watches
  const disarmed = await tx.deployWatch.updateManyAndReturn({
    where: {
      surfaceId,
      state: { in: ['armed', 'watching'] },
      ...(except === undefined ? {} : { deployId: { not: except } }),
      ...(deployId === undefined ? {} : { deployId }),
    },
    data: { state: 'disarmed', reason: DISARMED[because] },
    select: { deployId: true },
  })
  for (const { deployId: id } of disarmed) {
    const payload = { because }
    const event = { action: 'console.rollback.disarmed', status: null, payload } as const
    await appendAuditEvent(tx, { actor, at, deployId: id, surfaceId }, event)
  }
  return disarmed.length
}

interface WatchedDeploy {
  readonly status: string
  readonly shipped: string
  readonly finishedAt: Date | null
  readonly watch: WatchRow | null
}

/** What is told of the watch of a deploy; null if there is none, or if the deploy ended without a version to watch. */
export function viewWatch({ status, shipped, finishedAt, watch }: WatchedDeploy, now: Date): DeployWatch | null {
  if (watch === null) return null
  const hasTurnedUnhealthy = hasTurned(watch.state)
  const isOpen = watch.state === 'armed' || watch.state === 'watching'
  if (finishedAt !== null && isOpen && (status !== 'succeeded' || shipped === 'no')) return null
  const until = watch.until ?? (finishedAt === null ? null : endOfWatch(finishedAt, watch.minutes))
  const isOver = isOpen && until !== null && until <= now
  const facts = {
    mode: modeOf(watch.mode),
    state: isOver ? ('over' as const) : watch.state,
    minutes: watch.minutes,
    healthyAt: iso(watch.healthyAt),
    until: iso(until),
    turnedAt: hasTurnedUnhealthy ? iso(watch.turnedAt) : null,
    detail: hasTurnedUnhealthy ? watch.detail : null,
    target:
      watch.targetId === null || watch.targetSha === null
        ? null
        : { deployId: watch.targetId, sha: watch.targetSha, healthyAt: iso(watch.targetHealthyAt) },
    rollbackDeployId: watch.rollbackDeployId,
    approvalId: watch.approvalId,
    reason: watch.reason,
  }
  return {
    ...facts,
    sentences: describeWatch({ ...facts, finishedAt: iso(finishedAt) }),
    stoppable: isOpen && !isOver,
  }
}

const iso = (at: Date | null): string | null => at?.toISOString() ?? null
