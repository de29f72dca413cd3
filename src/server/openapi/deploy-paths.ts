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
    'New for every deploy that is meant, the same for a retry (draft-ietf-httpapi-idempotency-key-header). ' +
    '8 to 200 characters, in double quotes or bare.',
  schema: { type: 'string', minLength: 8 },
} as const

/** What scripts use. */
export const deployPaths = {
  '/api/internal/deploys': {
    post: operation({
      id: 'dispatchDeploy',
      permission: 'deploy.dispatch',
      summary: 'Deploy a ref to a surface',
      description:
        'Answers as soon as the intent is recorded and GitHub was asked; the run id may still be null. Asked again ' +
        'with the same key and the same request, it answers with the deploy that is already there. `override_freeze` ' +
        'takes `freeze.override` as well. For a surface that asks for a second person nothing is deployed: the answer is ' +
        '`approval` alone, and `Location` is the approval’s.',
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
        'surface_unknown',
        'surface_busy',
        'surface_archived',
        'frozen',
        'surface_locked',
        'ref_moved',
        'running_changed',
        'body_incomplete',
        'body_too_large',
        'media_type_refused',
        'confirmation_mismatch',
        'idempotency_mismatch',
        'ref_ambiguous',
        'ref_unknown',
        'github_refused',
        'github_unavailable',
      ],
    }),
  },
  '/api/internal/deploys/{id}': {
    get: operation({
      id: 'getDeploy',
      permission: 'deploy.read',
      summary: 'Where a deploy stands',
      description: 'Poll every two seconds until `terminal` is true.',
      parameters: [deployId],
      success: { status: 200, description: 'The deploy.', content: json('Deploy') },
      versioned: true,
      problems: ['invalid_id', 'deploy_unknown'],
    }),
  },
  '/api/internal/deploys/{id}/cancel': {
    post: operation({
      id: 'cancelDeploy',
      permission: 'deploy.cancel',
      summary: 'Ask for the end of a deploy',
      description:
        'GitHub is asked to cancel the run; the deploy ends when GitHub says so. Asked again, it answers the same.',
      parameters: [deployId],
      success: {
        status: 202,
        description: 'Asked. Poll the address in `Location`.',
        headers: { Location: { required: true, schema: { type: 'string', format: 'uri-reference' } } },
        content: json('CancelAnswer'),
      },
      problems: ['invalid_id', 'deploy_unknown', 'deploy_ended', 'github_refused'],
    }),
  },
  '/api/internal/deploys/{id}/release': {
    post: operation({
      id: 'releaseSurface',
      permission: 'deploy.dispatch',
      summary: 'Free the surface from a deploy that nothing ends',
      description:
        'Gives up a deploy for which no run was seen for ten minutes, or frees the surface from one that has ended and whose run is ' +
        'not proven to be over. GitHub may still start, or go on with, the run.',
      parameters: [deployId],
      body: 'ReleaseRequest',
      success: { status: 200, description: 'Released.', content: json('ReleaseAnswer') },
      problems: [
        'invalid_id',
        'invalid_input',
        'deploy_unknown',
        'proof_stale',
        'release_refused',
        'body_incomplete',
        'body_too_large',
        'media_type_refused',
      ],
    }),
  },
  '/api/internal/deploys/{id}/log': {
    get: operation({
      id: 'getDeployLog',
      permission: 'deploy.read',
      summary: 'Older log lines of a deploy',
      parameters: [
        deployId,
        {
          name: 'before',
          in: 'query',
          description: 'A `log_cursor` or `cursor` of an earlier answer; without it, the newest lines.',
          schema: { type: 'integer', minimum: 1 },
        },
      ],
      success: { status: 200, description: 'One page, oldest line first.', content: json('LogPage') },
      problems: ['invalid_id', 'invalid_input', 'deploy_unknown'],
    }),
  },
} as const
