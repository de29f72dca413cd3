import 'server-only'
import type { Actor } from '~/domain/actor'
import { ARMED_ACTOR } from '~/domain/deploy/watch'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import type { ChangeFreezeInput, FreezeView, LockInput, OpenFreezeInput } from '~/domain/freeze/freeze'
import { appendAuditEvent } from '~/server/audit/append-audit'
import { authorize, requireFreshProof, requireReach } from '~/server/auth/authorize'
import { disarmWatches } from '~/server/deploys/deploy-watch'
import type { Deps } from '~/server/deps'
import { hasOccurrence, isComputable, type RecurringWindow, startOf } from '~/server/freezes/expand-recurrence'
import { freezeChange, freezeEvent, freezeView } from '~/server/freezes/freeze-view'
import {
  countOpenRecurring,
  type FreezeRow,
  findFreeze,
  findLock,
  insertFreeze,
  listOpenAllowWindows,
  markLifted,
  type NewFreeze,
  replaceEndedLocks,
  updateFreeze,
} from '~/server/freezes/freezes'
import { isAsRollbackSetIt } from '~/server/freezes/lift-rollback-lock'
import { type DatabaseHandle, violatedUniqueIndex } from '~/server/platform/database'
import { findSurface, requireKnownEnvironments } from '~/server/surfaces/surfaces'

type FreezeDeps = Pick<Deps, 'db' | 'now' | 'newId'>

/**
 * Opens a freeze window or an allow window for an environment or one surface, now or later. Throws `surface_unknown`, `invalid_input` unless
 * the end is after the start and in the future and a rule has an occurrence before it, and `proof_stale` for one allow window more in its scope.
 */
export async function openFreeze(deps: FreezeDeps, actor: Actor, input: OpenFreezeInput): Promise<FreezeView> {
  const { recurrence, kind = 'freeze', rollbacksPass = false } = input
  const contradiction = findContradiction(input)
  if (contradiction !== null) throw new AppError('invalid_input', `${contradiction} Nothing was frozen.`)
  const scope = await windowScope(deps, actor, input)
  const now = deps.now()
  if (recurrence !== undefined) await requireRoomFor(deps, recurrence, now)
  const startsAt = recurrence === undefined ? (input.startsAt ?? now) : startOf(recurrence)
  const endsAt = input.endsAt ?? null
  if (endsAt !== null && (endsAt <= startsAt || endsAt <= now)) {
    throw new AppError(
      'invalid_input',
      'The freeze window must end after it starts, and in the future. Nothing was frozen. Choose a later end.',
    )
  }
  if (recurrence !== undefined) requireOccurrence({ ...recurrence, allows: kind === 'allow' }, now, endsAt)
  const { rule, ...times } = recurrence ?? {}
  // One open allow window is enough for its scope. A further one allows more, as lifting does, and needs the same fresh proof.
  const widened = kind === 'allow' ? await listOpenAllowWindows(deps.db, scope, now) : []
  if (widened.length > 0) requireFreshProof(deps, actor, 'adding another allow window')
  const window = {
    ...scope,
    kind,
    rollbacksPass,
    reason: input.reason,
    startsAt,
    endsAt,
    ...(rule === undefined ? {} : { recurrence: rule, ...times }),
  }
  return storeFreeze(deps, actor, window, { widened })
}

/** What of the input does not go together, as a sentence. */
function findContradiction({ kind, environment, surfaceId, startsAt, recurrence }: OpenFreezeInput): string | null {
  if (environment !== undefined && surfaceId !== undefined) return 'Name an environment or a surface, not both.'
  if (kind === 'allow' && recurrence === undefined) return 'An allow window recurs. Say when.'
  return startsAt === undefined || recurrence === undefined
    ? null
    : 'A window that recurs starts at the local start of its recurrence. Leave out its other start.'
}

/** What the window is of, if the actor may change it. */
async function windowScope(deps: FreezeDeps, actor: Actor, { environment = 'production', surfaceId }: OpenFreezeInput) {
  if (surfaceId === undefined) {
    requireReach(actor, { environment })
    await requireKnownEnvironments(deps.db, [environment], 'Nothing was frozen.')
    return { environment, surfaceId: null }
  }
  const surface = await findSurface(deps.db, surfaceId)
  if (surface === null) {
    throw new AppError('surface_unknown', `There is no surface "${surfaceId}". Nothing was frozen. Check the id.`)
  }
  requireReach(actor, { environment: surface.environment, surfaceId })
  return { environment: null, surfaceId }
}

/** Each costs the server time in every decision. */
const RECURRING_AT_MOST = 100

/** Throws `windows_full`, and `invalid_input` for a zone whose occurrences cannot be computed. */
async function requireRoomFor(
  { db }: Pick<FreezeDeps, 'db'>,
  { timeZone }: NonNullable<OpenFreezeInput['recurrence']>,
  now: Date,
): Promise<void> {
  if (!isComputable(timeZone)) {
    const message = `${timeZone} is not the name of a time zone, such as Europe/Berlin. Nothing was frozen. Choose another name.`
    throw new AppError('invalid_input', message)
  }
  if ((await countOpenRecurring(db, now)) < RECURRING_AT_MOST) return
  const message = `There are already ${RECURRING_AT_MOST} windows that recur. Nothing was frozen. Lift one that is not needed any more.`
  throw new AppError('windows_full', message)
}

/** How far ahead a rule must have an occurrence. A rule of 29 February has one within eight years. */
const OCCURS_WITHIN_DAYS = 8 * 366

/** Throws `invalid_input` for a rule that never applies, such as 30 February. */
function requireOccurrence(window: RecurringWindow, now: Date, endsAt: Date | null): void {
  const from = new Date(Math.max(now.getTime(), startOf(window).getTime()))
  const far = from.getTime() + OCCURS_WITHIN_DAYS * 86_400_000
  const to = new Date(Math.min(far, endsAt?.getTime() ?? far))
  if (hasOccurrence(window, from, to)) return
  throw new AppError(
    'invalid_input',
    'The rule has no occurrence before the end of the window, or none within eight years. Nothing was frozen. Change the rule or the end.',
  )
}

/**
 * Locks one surface, or puts a notice on it, until a time or until somebody lifts it. A lock that has ended by time is out of the way. Throws
 * `surface_unknown`, `surface_locked` when it is already locked, and `invalid_input` for an end that has passed.
 */
export async function lockSurface(deps: FreezeDeps, actor: Actor, input: LockInput): Promise<FreezeView> {
  const { surfaceId, reason, endsAt = null, kind = 'lock' } = input
  const surface = await findSurface(deps.db, surfaceId)
  if (surface === null) {
    throw new AppError('surface_unknown', `There is no surface "${surfaceId}". Nothing was locked. Check the id.`)
  }
  requireReach(actor, { environment: surface.environment, surfaceId })
  const now = deps.now()
  requireFutureEnd(endsAt, now)
  const lock = { kind, environment: null, surfaceId, reason, startsAt: now, endsAt }
  try {
    return await storeFreeze(deps, actor, lock, {
      before: async (tx) => {
        await replaceEndedLocks(tx, { surfaceId, kind, now })
        const why = { because: 'locked', actor: actor.name, at: now } as const
        if (kind === 'lock') await disarmWatches(tx, { surfaceId }, why)
      },
    })
  } catch (error) {
    if (violatedUniqueIndex(error) === null) throw error
    const name = inSentence(surface.name)
    throw new AppError(
      'surface_locked',
      kind === 'lock'
        ? `${name} is already locked. The existing lock was kept. Change that lock, or unlock the surface first.`
        : `${name} already has a notice, which was kept. Change that notice, or lift it first.`,
    )
  }
}

function requireFutureEnd(endsAt: Date | null, now: Date): void {
  if (endsAt === null || endsAt > now) return
  throw new AppError('invalid_input', 'The end has passed. Nothing was changed. Choose a later end.')
}

/**
 * Changes the reason or the end of a freeze, lock or notice that has not ended. An end that allows more needs a fresh proof.
 *
 * @throws AppError `freeze_unknown`, `permission_refused`, `invalid_input`, `proof_stale`, `freeze_over` when it ended or was changed meanwhile
 */
export async function changeFreeze(deps: FreezeDeps, actor: Actor, input: ChangeFreezeInput): Promise<FreezeView> {
  const was = await requireFreeze(deps, input.id)
  requireReachOf(actor, was)
  const now = deps.now()
  const changed = {
    reason: input.reason ?? was.reason,
    endsAt: input.endsAt === undefined ? was.endsAt : input.endsAt,
  }
  if (input.endsAt !== undefined) requireFutureEnd(changed.endsAt, now)
  if (changed.endsAt !== null && changed.endsAt <= was.startsAt) {
    throw new AppError('invalid_input', 'The end is before the start. Nothing was changed. Choose a later end.')
  }
  const isShortened = changed.endsAt !== null && (was.endsAt === null || changed.endsAt < was.endsAt)
  // A later end of an allow window lets its occurrences go on, beside others that would be closed.
  const isEndChanged = changed.endsAt?.getTime() !== was.endsAt?.getTime()
  if (was.kind === 'allow' && isEndChanged) requireFreshProof(deps, actor, 'changing the end of this window')
  if (was.kind !== 'allow' && was.kind !== 'notice' && isShortened) {
    requireFreshProof(deps, actor, 'ending this freeze earlier')
  }
  const row = await deps.db.$transaction(async (tx) => {
    const written = await updateFreeze(tx, was, changed, now)
    if (written !== null) {
      const subject = { actor: actor.name, at: now, ...surfaceOf(written) }
      await appendAuditEvent(tx, subject, freezeChange(written, was))
    }
    return written
  })
  if (row === null) {
    throw new AppError(
      'freeze_over',
      'This freeze has ended, or somebody changed it meanwhile. Nothing was changed. Reload the page.',
    )
  }
  return freezeView(row, now)
}

async function requireFreeze({ db }: Pick<FreezeDeps, 'db'>, id: string): Promise<FreezeRow> {
  const freeze = await findFreeze(db, id)
  if (freeze !== null) return freeze
  throw new AppError('freeze_unknown', `There is no freeze ${id}. Nothing was changed. Check the id.`)
}

function requireReachOf(actor: Actor, { environment, surface, surfaceId }: FreezeRow): void {
  const scope = environment ?? surface?.environment ?? ''
  requireReach(actor, { environment: scope, ...(surfaceId === null ? {} : { surfaceId }) })
}

function storeFreeze(
  deps: FreezeDeps,
  actor: Actor,
  freeze: Omit<NewFreeze, 'id' | 'createdBy' | 'createdByUserId' | 'createdAt'>,
  {
    widened = [],
    before = () => Promise.resolve(),
  }: {
    readonly widened?: readonly string[]
    /** Runs first in the transaction. */
    readonly before?: (tx: DatabaseHandle) => Promise<void>
  } = {},
): Promise<FreezeView> {
  const at = deps.now()
  return deps.db.$transaction(async (tx) => {
    await before(tx)
    const author = { createdBy: actor.name, createdByUserId: actor.userId, createdAt: at }
    const row = await insertFreeze(tx, { ...freeze, ...author, id: deps.newId() })
    const opened = freezeEvent('console.freeze.opened', row, widened)
    await appendAuditEvent(tx, { actor: actor.name, at, ...surfaceOf(row) }, opened)
    return freezeView(row, at)
  })
}

const surfaceOf = ({ surfaceId }: { readonly surfaceId: string | null }) => (surfaceId === null ? {} : { surfaceId })

/**
 * Ends a freeze early, or cancels a scheduled one.
 *
 * @throws AppError `freeze_unknown`, `permission_refused`, `proof_stale`, `freeze_over` when the freeze has already ended
 */
export async function liftFreeze(deps: Pick<FreezeDeps, 'db' | 'now'>, actor: Actor, id: string): Promise<void> {
  await lift(deps, actor, await requireFreeze(deps, id))
}

/**
 * Removes the lock or the notice of a surface. The person who set it may do so, the person whose deploy the console rolled back when it set the
 * lock, and anybody with `freeze.manage`. Throws `freeze_unknown` when there is none, and what `liftFreeze` throws.
 */
export async function unlockSurface(
  deps: Pick<FreezeDeps, 'db' | 'now'>,
  actor: Actor,
  surfaceId: string,
  kind: 'lock' | 'notice' = 'lock',
): Promise<void> {
  const lock = await findLock(deps.db, surfaceId, deps.now(), kind)
  if (lock === null) {
    const what = kind === 'lock' ? 'is not locked' : 'has no notice'
    throw new AppError('freeze_unknown', `"${surfaceId}" ${what}. Nothing was changed.`)
  }
  const isHolder = lock.createdByUserId === actor.userId && lock.createdBy === actor.name
  if (!isHolder) authorize(actor, isArmedBy(actor, lock) ? 'deploy.dispatch' : 'freeze.manage')
  await lift(deps, actor, lock)
}

/** Whether the console set the lock when it rolled back this person's deploy, and nobody made the lock theirs since (docs/adr/060). */
const isArmedBy = ({ userId, via }: Actor, lock: FreezeRow): boolean =>
  lock.createdBy === ARMED_ACTOR &&
  lock.createdByUserId === userId &&
  via !== 'token' &&
  lock.rollbackDeployId !== null &&
  isAsRollbackSetIt(lock)

async function lift(deps: Pick<FreezeDeps, 'db' | 'now'>, actor: Actor, freeze: FreezeRow): Promise<void> {
  requireReachOf(actor, freeze)
  // Lifting allows more than an override, since every deploy may ship then. It needs the same fresh proof, in every environment.
  if (freeze.kind !== 'notice')
    requireFreshProof(
      deps,
      actor,
      freeze.kind === 'lock' && freeze.surface !== null
        ? `unlocking ${inSentence(freeze.surface.name)}`
        : 'lifting this freeze',
    )
  const at = deps.now()
  const lifted = await deps.db.$transaction(async (tx) => {
    if (!(await markLifted(tx, freeze.id, { by: actor.name, at }))) return false
    const { surfaceId } = freeze
    const subject = { actor: actor.name, at, ...(surfaceId === null ? {} : { surfaceId }) }
    await appendAuditEvent(tx, subject, freezeEvent('console.freeze.lifted', freeze))
    return true
  })
  if (!lifted) {
    throw new AppError(
      'freeze_over',
      'This freeze has already ended or been lifted. Nothing was changed. Reload the page.',
    )
  }
}
