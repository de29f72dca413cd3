import { z } from 'zod'
import { dispatchInput } from '~/domain/deploy/request'
import { ROLLBACK_MODES } from '~/domain/deploy/watch'
import { FREEZE_KINDS } from '~/domain/freeze/freeze'
import { recurrence } from '~/domain/freeze/recurrence-input'
import { environmentName, id, instant, requiredReason, surfaceId } from '~/domain/input'
import { ROLES } from '~/domain/permissions'
import { HEALTH_STATES, type SurfaceTile } from '~/domain/surface/tile'
import { restApproval, restQueue } from '~/server/rest/request-shapes'

/** Requests and answers about surfaces, their locks and the freeze windows, in snake_case (docs/rest.md). */

const time = z.iso.datetime()

const freezeInForce = z.looseObject({
  id: z.uuid(),
  kind: z.enum(['locked', 'frozen']).meta({
    description: '`locked`: by a lock of the surface. `frozen`: by a window of the surface or its environment.',
  }),
  reason: z.string(),
  until: time.nullable().meta({
    description: 'Null: until it is lifted. With `closed`: when the allow window opens; null: not within a year.',
  }),
  closed: z
    .literal(true)
    .optional()
    .meta({ description: 'An allow window that is closed, so that deploys are refused.' }),
  rollbacks_pass: z.literal(true).optional().meta({ description: 'A proven rollback passes.' }),
  of_surface: z.literal(true).optional().meta({ description: 'A window of this surface, not of its environment.' }),
  by: z.string(),
})

/** A surface, as its tile shows it. */
export const restSurface = z.looseObject({
  id: z.string(),
  name: z.string(),
  environment: z.string(),
  repository: z.string(),
  workflow: z.string(),
  service: z.string().nullable(),
  ref: z.string().meta({ description: 'The default ref.' }),
  url: z.string(),
  confirm: z.string().meta({ description: 'The confirm phrase, which a request sends as `confirmation`.' }),
  health: z.looseObject({ state: z.enum(HEALTH_STATES), detail: z.string().nullable(), checked_at: time.nullable() }),
  version: z
    .looseObject({
      sha: z.string(),
      tag: z.string().nullable(),
      seen_at: time,
      behind_by: z.int().nullable(),
      ahead_by: z.int().nullable(),
    })
    .nullable()
    .meta({ description: 'The version that the surface reported last. Null if it never reported one.' }),
  last_deploy: z
    .looseObject({
      id: z.uuid(),
      status: z.string(),
      terminal: z.boolean(),
      headline: z.string(),
      ref: z.string(),
      sha: z.string().nullable(),
      requested_by: z.string(),
      requested_at: time,
      finished_at: time.nullable(),
    })
    .nullable(),
  last_good: z
    .looseObject({ deploy_id: z.uuid(), sha: z.string(), finished_at: time, healthy_at: time.nullable() })
    .nullable()
    .meta({
      description:
        'The newest deploy that is proven to have shipped another commit than the one that runs. `healthy_at`: when the surface was last seen healthy with it.',
    }),
  held: z
    .looseObject({ deploy_id: z.uuid(), run_id: z.string().nullable() })
    .nullable()
    .meta({ description: 'The ended deploy that keeps its surface from other deploys.' }),
  requires_approval: z.boolean(),
  queue: restQueue.meta({ description: 'The requests that wait until the deploy ahead has ended.' }),
  waiting_approval_id: z.uuid().nullable().meta({ description: 'The waiting approval that expires first.' }),
  freezes: z
    .array(freezeInForce)
    .meta({ description: 'The lock and the freeze windows in force, the strongest first.' }),
  deploy_freeze: z.string().nullable().meta({
    description:
      'The reason in DEPLOY_FREEZE of the repository, as it was read last. Null: it froze nothing, or is unknown.',
  }),
  armed: z
    .looseObject({ mode: z.enum(ROLLBACK_MODES), minutes: z.int() })
    .nullable()
    .meta({ description: 'What happens if the surface turns unhealthy soon after a deploy. Null: nothing.' }),
  alarm: z.string().nullable(),
})

export const restSurfaces = z.looseObject({ surfaces: z.array(restSurface) })

/** The members of a tile that scripts read. The others are the screen’s own. */
export function scriptSurface(tile: SurfaceTile) {
  const { id: surface, name, environment, repository, workflow, service, ref, url, confirm, health } = tile
  const { version, lastDeploy, lastGood, held, requiresApproval, waiting, queue, freezes, deployFreeze } = tile
  const { armed, alarm } = tile
  return {
    ...{ id: surface, name, environment, repository, workflow, service, ref, url, confirm, health },
    version: version && {
      sha: version.sha,
      tag: version.tag,
      seenAt: version.seenAt,
      behindBy: version.behindBy,
      aheadBy: version.aheadBy,
    },
    lastDeploy: lastDeploy && {
      id: lastDeploy.id,
      status: lastDeploy.status,
      terminal: lastDeploy.terminal,
      headline: lastDeploy.headline,
      ref: lastDeploy.ref,
      sha: lastDeploy.sha,
      requestedBy: lastDeploy.requestedBy,
      requestedAt: lastDeploy.requestedAt,
      finishedAt: lastDeploy.finishedAt,
    },
    ...{ lastGood, held, requiresApproval, queue, freezes, armed, alarm },
    waitingApprovalId: waiting?.approvalId ?? null,
    deployFreeze: deployFreeze?.reason ?? null,
  }
}

const commit = z.looseObject({
  sha: z.string(),
  title: z.string(),
  author: z.string(),
  at: time,
  url: z.string(),
})

/** What a deploy would change, as the screen shows it before the confirmation. */
export const restReview = z.looseObject({
  surface_id: z.string(),
  ref: z.string(),
  sha: z.string().meta({ description: 'Send it back as `expected_sha`.' }),
  running_sha: z.string().nullable().meta({
    description:
      'The commit that the surface runs. Send it back as `expected_running_sha`, or `unknown` if it is null.',
  }),
  comparison: z
    .looseObject({
      kind: z.enum(['identical', 'ahead', 'behind', 'diverged']),
      adds: z.int(),
      removes: z.int(),
      commits: z
        .array(commit)
        .meta({ description: 'The commits that are added, newest first, as far as one page holds.' }),
      removed: z.array(commit),
      url: z.string(),
    })
    .nullable()
    .meta({ description: 'Null if the commits cannot be compared. A warning says why.' }),
  pulls: z
    .array(z.looseObject({ number: z.int(), title: z.string(), author: z.string(), url: z.string(), sha: z.string() }))
    .meta({ description: 'The pull requests that brought in these commits. `sha`: the commit that brought it in.' }),
  pulls_complete: z.boolean().meta({
    description: 'False if some could not be read, or are older than the list that GitHub gives.',
  }),
  checks: z
    .looseObject({
      checks: z.array(
        z.looseObject({ name: z.string(), state: z.string(), word: z.string(), url: z.string().nullable() }),
      ),
      counts: z
        .looseObject({ red: z.int(), pending: z.int(), other: z.int(), green: z.int() })
        .meta({ description: '`other`: neither passed, nor failed, nor under way, such as a skipped check.' }),
      complete: z.boolean().meta({ description: 'False if some checks could not be read.' }),
    })
    .meta({ description: 'The checks of the commit that would be deployed.' }),
  warnings: z.array(z.looseObject({ kind: z.string(), text: z.string(), blocking: z.boolean() })),
  checklist: z.array(z.string()).meta({
    description: 'The lines to tick. Send the ticked lines as `checklist`. A rollback needs none.',
  }),
  freeze_ids: z.array(z.uuid()).meta({ description: 'Send them back as `override_freeze.freeze_ids`.' }),
  basis: z
    .looseObject({ declaration: z.string(), workflow_ref: z.string(), workflow_file: z.string().nullable() })
    .meta({
      description: 'Send it back as `basis`. The deploy is refused if any of these facts has changed since the review.',
    }),
})

/** The query of a review: a ref, or the commit of one source. */
export const restReviewQuery = z.object({
  ref: dispatchInput.shape.ref,
  rollback: id.optional(),
  promotion: surfaceId.optional(),
})

/** A freeze window or a lock. */
export const restFreeze = z.looseObject({
  id: z.uuid(),
  state: z.string().meta({ examples: ['upcoming', 'in_force', 'over'] }),
  environment: z.string().nullable(),
  surface: z.looseObject({ id: z.string(), name: z.string(), environment: z.string() }).nullable(),
  reason: z.string(),
  starts_at: time,
  ends_at: time.nullable(),
  created_by: z.string(),
  created_at: time,
  lifted: z.looseObject({ by: z.string(), at: time }).nullable(),
  kind: z.string().meta({ examples: [...FREEZE_KINDS] }),
  rollbacks_pass: z.boolean(),
  recurrence: z
    .looseObject({ rule: z.string(), time_zone: z.string(), local_start: z.string(), duration_minutes: z.int() })
    .nullable(),
  occurrence: z
    .looseObject({ start: time, end: time })
    .nullable()
    .meta({ description: 'The occurrence under way, or else the next one.' }),
})

export const restLockBody = z.strictObject({
  reason: requiredReason,
  ends_at: instant.optional().meta({ description: 'Left out: until it is unlocked.' }),
  kind: z.enum(['lock', 'notice']).optional().meta({ description: 'A notice warns, and refuses nothing.' }),
})

/** Body of `PATCH …/freeze-windows/{id}`. What is left out stays. */
export const restFreezeChange = z.strictObject({
  reason: requiredReason.optional(),
  ends_at: instant.nullable().optional().meta({ description: 'Null: until it is lifted.' }),
})

/** The query of the net state. */
export const restNetStateQuery = z.object({ at: instant.optional() })

/** Whether a surface may be deployed at a time. */
export const restNetState = z.looseObject({
  answer: z.enum(['yes', 'no', 'unknown']),
  at: time,
  reasons: z.array(z.string()).meta({ description: 'What refuses, or may refuse.' }),
  notes: z.array(z.string()),
  until: time.nullable().meta({ description: 'When the answer changes, as declared now. Null: not within 35 days.' }),
})

/** Answer of `DELETE …/lock`. */
export const restUnlocked = z.looseObject({ surface: z.string(), locked: z.literal(false) })

const { rule, timeZone, localStart, durationMinutes } = recurrence.shape

export const restFreezeBody = z.strictObject({
  kind: z
    .enum(['freeze', 'allow'])
    .optional()
    .meta({ description: '`freeze` if it is left out. `allow` needs `recurrence`.' }),
  environment: environmentName.optional().meta({ description: 'Or `surface`. `production` if both are left out.' }),
  surface: surfaceId.optional(),
  reason: requiredReason,
  starts_at: instant.optional(),
  ends_at: instant.optional(),
  recurrence: z
    .strictObject({ rule, time_zone: timeZone, local_start: localStart, duration_minutes: durationMinutes })
    .optional()
    .meta({ description: 'A rule of RFC 5545 without COUNT and UNTIL. Times are by the clock of the zone.' }),
  rollbacks_pass: z.boolean().optional(),
})

/** The freezes in force and the scheduled ones, the earliest first. */
export const restFreezes = z.looseObject({ freezes: z.array(restFreeze) })

/** Answer of `…/lift`. */
export const restLifted = z.looseObject({ id: z.uuid(), lifted: z.literal(true) })

/** The waiting approvals, the first to expire at the top. */
export const restApprovals = z.looseObject({ waiting: z.array(restApproval) })

/** Who sends the request. */
export const restCaller = z.looseObject({
  name: z.string(),
  role: z.enum(ROLES),
  environments: z.array(z.string()).nullable().meta({ description: 'Null: all.' }),
  permissions: z.array(z.string()).nullable().meta({ description: 'Null: everything that the role may do.' }),
})

export const restSignedOut = z.looseObject({ signed_out: z.literal(true) })
