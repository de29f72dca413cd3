import 'server-only'
import {
  type DeployWatch,
  describeWatch,
  type EndedWatch,
  hasTurned,
  ROLLBACK_MODES,
  type RollbackMode,
  type WatchState,
} from '~/domain/deploy/watch'
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
  approval: { select: { state: true, expiresAt: true } },
} satisfies Prisma.DeployWatchSelect

export type WatchRow = Prisma.DeployWatchGetPayload<{ select: typeof watchSelect }>

/** The mode of a stored watch. What this version does not know starts nothing. */
export const modeOf = (stored: string): RollbackMode => ROLLBACK_MODES.find((known) => known === stored) ?? 'offer'

/** The end of a watch: its minutes after the end of the deploy. */
export const endOfWatch = (finishedAt: Date, { until, minutes }: Pick<WatchRow, 'until' | 'minutes'>): Date =>
  until ?? new Date(finishedAt.getTime() + minutes * 60_000)

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
  declaration_changed:
    'What surfaces.yaml says about the surface, or what this version of the console reads of it, has changed since the deploy.',
  other_version: 'The surface was seen healthy with another version.',
} as const
export type Disarmed = keyof typeof DISARMED

/**
 * Ends the open watches of a surface in which the console has not acted yet. `except`: the deploy that is the reason. `deployId`: only that
 * one, also if the console is about to roll back. Returns how many.
 */
export async function disarmWatches(
  tx: DatabaseHandle,
  watches: { readonly surfaceId: string; readonly except?: string; readonly deployId?: string },
  { because, actor, at }: { readonly because: Disarmed; readonly actor: string; readonly at: Date },
): Promise<number> {
  const { surfaceId, except, deployId } = watches
  const states = [...OPEN, ...(because === 'stopped' ? ['starting'] : [])]
  const candidates = await tx.deployWatch.findMany({
    where: {
      surfaceId,
      state: { in: states },
      ...(except === undefined ? {} : { deployId: { not: except } }),
      ...(deployId === undefined ? {} : { deployId }),
    },
    select: { deployId: true, state: true, until: true, minutes: true, deploy: { select: endSelect } },
  })
  const ids = candidates
    .filter((each) => each.state === 'starting' || goesOn(each.deploy, each, at))
    .map((each) => each.deployId)
  if (ids.length === 0) return 0
  const disarmed = await tx.deployWatch.updateManyAndReturn({
    where: { deployId: { in: ids }, state: { in: states } },
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

const OPEN: readonly string[] = ['armed', 'watching'] satisfies WatchState[]

const endSelect = { status: true, shipped: true, finishedAt: true } satisfies Prisma.DeploySelect
interface DeployEnd {
  readonly status: string
  readonly shipped: string
  readonly finishedAt: Date | null
}

/** Whether a deploy is unfinished, or succeeded with a version to watch. */
const hasVersion = ({ status, shipped, finishedAt }: DeployEnd) =>
  finishedAt === null || (status === 'succeeded' && shipped === 'yes')

const goesOn = (deploy: DeployEnd, watch: Pick<WatchRow, 'until' | 'minutes'>, now: Date): boolean =>
  hasVersion(deploy) && (deploy.finishedAt === null || endOfWatch(deploy.finishedAt, watch) > now)

/** What is told of the watch of a deploy; null if there is none, or if the deploy ended without a version to watch. */
export function viewWatch(deploy: DeployEnd & { readonly watch: WatchRow | null }, now: Date): DeployWatch | null {
  const { watch, finishedAt } = deploy
  if (watch === null) return null
  const isTurned = hasTurned(watch.state)
  if (!isTurned && !hasVersion(deploy)) return null
  const until = finishedAt === null ? watch.until : endOfWatch(finishedAt, watch)
  const isOpen = OPEN.includes(watch.state)
  const isGoingOn = goesOn(deploy, watch, now)
  const facts = {
    mode: modeOf(watch.mode),
    state: isOpen && !isGoingOn ? endedState(watch) : watch.state,
    minutes: watch.minutes,
    healthyAt: iso(watch.healthyAt),
    until: iso(until),
    turnedAt: isTurned ? iso(watch.turnedAt) : null,
    detail: isTurned ? watch.detail : null,
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
    sentences: describeWatch({ ...facts, finishedAt: iso(finishedAt), approval: approvalState(watch.approval, now) }),
    stoppable: (isOpen && isGoingOn) || watch.state === 'starting',
  }
}

/** An approval that nobody decided in time has expired, also before that is recorded. */
const approvalState = (approval: WatchRow['approval'], now: Date): string | null =>
  approval?.state === 'waiting' && approval.expiresAt <= now ? 'expired' : (approval?.state ?? null)

/** What became of a watch that nothing ended but time. */
const endedState = ({ state, failing }: Pick<WatchRow, 'state' | 'failing'>): EndedWatch => {
  if (state !== 'watching') return 'unseen'
  return failing === null ? 'over' : 'inconclusive'
}

const iso = (at: Date | null): string | null => at?.toISOString() ?? null
