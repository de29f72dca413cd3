import 'server-only'
import { json, operation } from '~/server/openapi/operation'

export const deployId = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'The deploy’s id.',
  schema: { type: 'string', format: 'uuid' },
} as const

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: true,
  description:
    'New for each deploy, the same for a retry (draft-ietf-httpapi-idempotency-key-header). ' +
    '8 to 200 characters, in double quotes or bare.',
  schema: { type: 'string', minLength: 8 },
} as const

export const deployPaths = {
  '/api/internal/deploys': {
    post: operation({
      id: 'dispatchDeploy',
      permission: 'deploy.dispatch',
      summary: 'Deploy a ref to a surface',
      description:
        'Answers as soon as the intent is recorded and GitHub was asked; the run id may still be null. The same key ' +
        'with the same request is answered with the existing deploy. `override_freeze` also needs `freeze.override`. ' +
        'If the surface requires a second person, nothing is deployed yet: the answer contains only `approval`, and ' +
        '`Location` is the approval’s. With `queue: true`, a request waits while a deploy of the surface is under way: the answer ' +
        'contains only `queued`.',
      parameters: [idempotencyKey],
      body: 'DispatchRequest',
      success: {
        status: 202,
        description: 'Recorded. Poll the address in `Location`.',
        headers: { Location: { required: true, schema: { type: 'string', format: 'uri-reference' } } },
        content: json('DispatchAnswer'),
      },
      problems: [
        'invalid_input',
        'idempotency_key_missing',
        'proof_stale',
        'source_refused',
        'workflow_unfit',
        'inputs_refused',
        'checklist_incomplete',
        'approval_required',
        'queue_refused',
        'surface_unknown',
        'surface_changed',
        'surface_busy',
        'surface_archived',
        'frozen',
        'surface_locked',
        'ref_moved',
        'running_changed',
        'confirmation_mismatch',
        'idempotency_mismatch',
        'ref_ambiguous',
        'ref_unknown',
        'ref_unfit',
        'github_refused',
        'github_unavailable',
      ],
    }),
  },
  '/api/internal/deploys/{id}': {
    get: operation({
      id: 'getDeploy',
      permission: 'deploy.read',
      summary: 'Read a deploy',
      description: 'Poll every two seconds until `terminal` is true.',
      parameters: [deployId],
      success: { status: 200, description: 'The deploy.', content: json('Deploy') },
      tagged: true,
      problems: ['invalid_id', 'deploy_unknown'],
    }),
  },
  '/api/internal/deploys/{id}/cancel': {
    post: operation({
      id: 'cancelDeploy',
      permission: 'deploy.cancel',
      summary: 'Cancel a deploy',
      description:
        'GitHub is asked to cancel the run. The deploy ends when GitHub reports the end. A repeated request gets the same answer.',
      parameters: [deployId],
      success: {
        status: 202,
        description: 'Requested. Poll the address in `Location`.',
        headers: { Location: { required: true, schema: { type: 'string', format: 'uri-reference' } } },
        content: json('CancelAnswer'),
      },
      problems: ['invalid_id', 'deploy_unknown', 'deploy_ended', 'github_refused'],
    }),
  },
  '/api/internal/deploys/{id}/stop-watching': {
    post: operation({
      id: 'stopWatchingDeploy',
      permission: 'deploy.cancel',
      summary: 'Disarm the rollback of a deploy',
      description:
        'Whatever the surface answers from then on, the console neither offers nor starts a rollback from this deploy. A repeated request gets ' +
        'the same answer.',
      parameters: [deployId],
      success: { status: 200, description: 'Disarmed.', content: json('WatchAnswer') },
      problems: ['invalid_id', 'deploy_unknown', 'watch_over'],
    }),
  },
  '/api/internal/deploys/{id}/release': {
    post: operation({
      id: 'releaseSurface',
      permission: 'deploy.dispatch',
      summary: 'Release the surface from a deploy',
      description:
        'Gives up a deploy for which no run was seen for ten minutes, or releases the surface from a deploy that has ended ' +
        'without proof that its run is over. GitHub may still start or continue the run.',
      parameters: [deployId],
      body: 'ReleaseRequest',
      success: { status: 200, description: 'Released.', content: json('ReleaseAnswer') },
      problems: ['invalid_id', 'invalid_input', 'deploy_unknown', 'proof_stale', 'release_refused'],
    }),
  },
  '/api/internal/deploys/{id}/evidence': {
    get: operation({
      id: 'getDeployEvidence',
      permission: 'audit.read',
      summary: 'Download the evidence file of an ended deploy',
      description:
        'Needs `deploy.read` too. The SHA-256 of `content` is a row of the audit trail, which `seal` contains. `console evidence verify` ' +
        'checks the file without the console. An account downloads one file at a time.',
      parameters: [deployId],
      success: {
        status: 200,
        description: 'The file.',
        headers: { 'Content-Disposition': { required: true, schema: { type: 'string' } } },
        content: json('Evidence'),
      },
      problems: ['invalid_id', 'deploy_unknown', 'deploy_unfinished'],
    }),
  },
  '/api/internal/deploys/{id}/log': {
    get: operation({
      id: 'getDeployLog',
      permission: 'deploy.read',
      summary: 'Read log lines of a deploy',
      parameters: [
        deployId,
        {
          name: 'before',
          in: 'query',
          description: 'A `log_cursor` or `cursor` of an earlier answer. Without it, the newest lines are returned.',
          schema: { type: 'integer', minimum: 1 },
        },
      ],
      success: { status: 200, description: 'One page, oldest line first.', content: json('LogPage') },
      problems: ['invalid_id', 'invalid_input', 'deploy_unknown'],
    }),
  },
  '/api/internal/deploys/{id}/log/text': {
    get: operation({
      id: 'downloadDeployLog',
      permission: 'deploy.read',
      summary: 'Download the whole log of a deploy',
      parameters: [deployId],
      success: {
        status: 200,
        description: 'One line for each log line: its time, a space, and the line as printed.',
        headers: { 'Content-Disposition': { required: true, schema: { type: 'string' } } },
        content: { 'text/plain': { schema: { type: 'string' } } },
      },
      problems: ['invalid_id', 'deploy_unknown'],
    }),
  },
} as const

const approvalId = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'The approval’s id.',
  schema: { type: 'string', format: 'uuid' },
} as const

const content = json('Approval')

/** The addresses of approvals: deploys that wait for another person. */
export const approvalPaths = {
  '/api/internal/approvals/{id}': {
    get: operation({
      id: 'getApproval',
      permission: 'deploy.read',
      summary: 'Read an approval',
      description: 'Once it is granted, `deploy_id` names its deploy.',
      parameters: [approvalId],
      success: { status: 200, description: 'The approval.', content },
      problems: ['invalid_id', 'approval_unknown'],
    }),
  },
  '/api/internal/approvals/{id}/approve': {
    post: operation({
      id: 'approveDeploy',
      permission: 'deploy.approve',
      summary: 'Approve a deploy that another person requested',
      description: 'The facts are checked again; then GitHub is asked, once. A repeated request gets the same answer.',
      parameters: [approvalId],
      success: {
        status: 202,
        description: 'Approved and recorded. Poll the deploy at the address in `Location`.',
        headers: { Location: { required: true, schema: { type: 'string', format: 'uri-reference' } } },
        content,
      },
      problems: [
        'invalid_id',
        'approval_own',
        'approver_linked',
        'proof_stale',
        'approval_unknown',
        'approval_over',
        'ref_moved',
        'running_changed',
        'ref_ambiguous',
        'ref_unknown',
        'surface_archived',
        'surface_changed',
        'source_refused',
        'workflow_unfit',
        'inputs_refused',
        'requester_refused',
        'surface_locked',
        'frozen',
        'surface_busy',
        'github_refused',
        'github_unavailable',
      ],
    }),
  },
  '/api/internal/approvals/{id}/refuse': {
    post: operation({
      id: 'refuseDeploy',
      permission: 'deploy.approve',
      summary: 'Refuse a deploy that another person requested',
      parameters: [approvalId],
      body: 'RefusalRequest',
      success: { status: 200, description: 'Refused.', content },
      problems: ['invalid_id', 'invalid_input', 'approval_own', 'approval_unknown', 'approval_over'],
    }),
  },
  '/api/internal/approvals/{id}/withdraw': {
    post: operation({
      id: 'withdrawDeploy',
      permission: 'deploy.dispatch',
      summary: 'Withdraw your own request',
      parameters: [approvalId],
      success: { status: 200, description: 'Withdrawn.', content },
      problems: ['invalid_id', 'approval_unknown', 'approval_over'],
    }),
  },
} as const

const queuedId = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'The queued request’s id.',
  schema: { type: 'string', format: 'uuid' },
} as const

/** The addresses of the queues: deploys that wait for the deploys ahead. */
export const queuePaths = {
  '/api/internal/queue': {
    get: operation({
      id: 'listOwnQueuedRequests',
      permission: 'deploy.read',
      summary: 'List your own queued requests',
      description: 'Those of a person and of the person’s tokens: what waits, and what ended without a deploy.',
      success: { status: 200, description: 'Your requests.', content: json('OwnQueue') },
      problems: [],
    }),
  },
  '/api/internal/queue/{id}': {
    get: operation({
      id: 'getQueuedRequest',
      permission: 'deploy.read',
      summary: 'Read a queued request',
      description: 'Once its turn came, `deploy_id` names its deploy.',
      parameters: [queuedId],
      success: { status: 200, description: 'The queued request.', content: json('QueuedRequest') },
      problems: ['invalid_id', 'queued_unknown'],
    }),
  },
  '/api/internal/queue/{id}/withdraw': {
    post: operation({
      id: 'withdrawQueuedRequest',
      permission: 'deploy.dispatch',
      summary: 'Take a request out of the queue',
      description: 'Your own, or as an approver anybody’s.',
      parameters: [queuedId],
      success: { status: 200, description: 'Withdrawn.', content: json('QueuedRequest') },
      problems: ['invalid_id', 'queued_unknown', 'queued_over'],
    }),
  },
  '/api/internal/surfaces/{id}/queue/continue': {
    post: operation({
      id: 'continueQueue',
      permission: 'deploy.dispatch',
      summary: 'Let a queue go on that has stopped or waits',
      description:
        'A queue stops after a deploy that failed, timed out, was cancelled or held the surface, and waits for an unhealthy surface. The body names ' +
        'that deploy, which is `continue_after` of the queue.',
      parameters: [{ ...queuedId, description: 'The surface’s id.', schema: { type: 'string' } }],
      body: 'ContinueRequest',
      success: { status: 200, description: 'The queue goes on.', content: json('Continued') },
      problems: ['invalid_input', 'surface_unknown', 'surface_busy', 'proof_stale', 'queue_not_stopped'],
    }),
  },
} as const
