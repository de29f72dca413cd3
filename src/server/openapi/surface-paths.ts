import 'server-only'
import { json, operation } from '~/server/openapi/operation'

const surface = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'The surface’s id.',
  schema: { type: 'string', minLength: 1, maxLength: 100 },
} as const

const freeze = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'The id of a freeze window or a lock.',
  schema: { type: 'string', format: 'uuid' },
} as const

/** The addresses of surfaces, their locks, the freeze windows and the list of approvals. */
export const surfacePaths = {
  '/api/internal/surfaces': {
    get: operation({
      id: 'listSurfaces',
      permission: 'surface.read',
      summary: 'Read every surface of the grid',
      success: { status: 200, description: 'The surfaces.', content: json('Surfaces') },
      problems: [],
    }),
  },
  '/api/internal/surfaces/{id}': {
    get: operation({
      id: 'getSurface',
      permission: 'surface.read',
      summary: 'Read a surface',
      parameters: [surface],
      success: { status: 200, description: 'The surface.', content: json('Surface') },
      problems: ['invalid_input', 'surface_unknown'],
    }),
  },
  '/api/internal/surfaces/{id}/review': {
    get: operation({
      id: 'reviewDeploy',
      permission: 'surface.read',
      summary: 'Read what a deploy would change',
      description:
        'Nothing is deployed. A request that sends back what the review showed is refused if that has changed.',
      parameters: [
        surface,
        { name: 'ref', in: 'query', required: true, schema: { type: 'string', minLength: 1, maxLength: 255 } },
        {
          name: 'rollback',
          in: 'query',
          description: 'The earlier deploy whose commit `ref` is.',
          schema: { type: 'string', format: 'uuid' },
        },
        {
          name: 'promotion',
          in: 'query',
          description: 'The surface whose commit `ref` is.',
          schema: { type: 'string', minLength: 1, maxLength: 100 },
        },
      ],
      success: { status: 200, description: 'The review.', content: json('Review') },
      problems: [
        'invalid_input',
        'surface_unknown',
        'ref_unknown',
        'ref_ambiguous',
        'ref_unfit',
        'workflow_unfit',
        'github_refused',
        'github_unavailable',
      ],
    }),
  },
  '/api/internal/surfaces/{id}/net-state': {
    get: operation({
      id: 'readNetState',
      permission: 'freeze.read',
      summary: 'Read whether the surface may be deployed at a time',
      description:
        'By freezes, locks and the last reading of DEPLOY_FREEZE. Rights, approvals and a running deploy are not looked at.',
      parameters: [
        surface,
        {
          name: 'at',
          in: 'query',
          description: 'Now if it is left out.',
          schema: { type: 'string', format: 'date-time' },
        },
      ],
      success: { status: 200, description: 'The answer and its reasons.', content: json('NetState') },
      problems: ['invalid_input', 'surface_unknown'],
    }),
  },
  '/api/internal/surfaces/{id}/lock': {
    post: operation({
      id: 'lockSurface',
      permission: 'freeze.manage',
      summary: 'Lock a surface',
      parameters: [surface],
      body: 'LockRequest',
      success: { status: 201, description: 'Locked.', content: json('Freeze') },
      problems: ['invalid_input', 'surface_unknown', 'surface_locked'],
    }),
    delete: operation({
      id: 'unlockSurface',
      permission: 'freeze.manage',
      summary: 'Unlock a surface',
      parameters: [surface],
      success: { status: 200, description: 'Unlocked.', content: json('Unlocked') },
      problems: ['invalid_input', 'proof_stale', 'freeze_unknown', 'freeze_over'],
    }),
  },
  '/api/internal/freeze-windows': {
    get: operation({
      id: 'listFreezes',
      permission: 'freeze.read',
      summary: 'Read the freeze windows and locks that are in force or scheduled',
      success: { status: 200, description: 'The earliest first.', content: json('Freezes') },
      problems: [],
    }),
    post: operation({
      id: 'openFreezeWindow',
      permission: 'freeze.manage',
      summary: 'Freeze an environment or a surface, once or by a rule',
      description:
        'From now on, or from `starts_at`; until `ends_at`, or until the freeze is lifted. With `recurrence`, its occurrences count.',
      body: 'FreezeRequest',
      success: { status: 201, description: 'Frozen, or scheduled.', content: json('Freeze') },
      problems: ['invalid_input', 'surface_unknown', 'proof_stale'],
    }),
  },
  '/api/internal/freeze-windows/{id}': {
    patch: operation({
      id: 'changeFreeze',
      permission: 'freeze.manage',
      summary: 'Change the reason or the end of a freeze window, a lock or a notice',
      parameters: [freeze],
      body: 'FreezeChange',
      success: { status: 200, description: 'Changed.', content: json('Freeze') },
      problems: ['invalid_id', 'invalid_input', 'proof_stale', 'freeze_unknown', 'freeze_over'],
    }),
  },
  '/api/internal/freeze-windows/{id}/lift': {
    post: operation({
      id: 'liftFreezeWindow',
      permission: 'freeze.manage',
      summary: 'End a freeze early, or cancel a scheduled one',
      parameters: [freeze],
      success: { status: 200, description: 'Lifted.', content: json('Lifted') },
      problems: ['invalid_id', 'proof_stale', 'freeze_unknown', 'freeze_over'],
    }),
  },
  '/api/internal/me': {
    get: operation({
      id: 'getCaller',
      permission: 'surface.read',
      summary: 'Read who sends the request, and what they may change',
      success: { status: 200, description: 'The caller.', content: json('Caller') },
      problems: [],
    }),
  },
  '/api/internal/me/sign-out': {
    post: operation({
      id: 'signOutCommandLine',
      permission: 'surface.read',
      summary: 'Revoke the token of the person’s command line that sends the request',
      success: { status: 200, description: 'Revoked.', content: json('SignedOut') },
      problems: ['token_unknown'],
    }),
  },
  '/api/internal/approvals': {
    get: operation({
      id: 'listApprovals',
      permission: 'deploy.read',
      summary: 'Read the waiting approvals',
      success: { status: 200, description: 'The first to expire at the top.', content: json('Approvals') },
      problems: [],
    }),
  },
} as const
