import 'server-only'
import { deployId } from '~/server/openapi/deploy-paths'
import { json, operation } from '~/server/openapi/operation'

const signature = [
  { name: 'webhook-id', description: 'New for every callback, the same for a retry.', required: true },
  { name: 'webhook-timestamp', description: 'Unix seconds, within five minutes of now. Not with a token.' },
  {
    name: 'webhook-signature',
    description:
      'Space-separated `v1,<base64 HMAC-SHA256 of "id.timestamp.body">` (Standard Webhooks). Not with a token.',
  },
  {
    name: 'x-console-repository',
    description: '`owner/name` of the sender, for a signature with its repository’s own secret.',
  },
].map(({ required = false, ...header }) => ({ ...header, in: 'header' as const, required, schema: { type: 'string' } }))

const PROOF = 'Signed, or with GitHub’s OIDC token for the run: `Authorization: Bearer …`, audience `CONSOLE_URL`.'

const question = (name: string, description: string, required = false) => ({
  name,
  in: 'query' as const,
  required,
  description,
  schema: { type: 'string' },
})

const callback = (id: string, summary: string) =>
  operation({
    id,
    summary,
    description: PROOF,
    permission: null,
    parameters: [deployId, ...signature],
    body: 'Callback',
    success: {
      status: 200,
      description: 'Taken in. `applied` is false for a repetition.',
      content: json('CallbackAnswer'),
    },
    problems: [
      'invalid_id',
      'invalid_input',
      'signature_invalid',
      'reporter_refused',
      'issuer_unavailable',
      'deploy_unknown',
      'body_incomplete',
      'body_too_large',
      'status_unknown',
      'transition_refused',
      'attempt_superseded',
      'run_required',
      'run_mismatch',
    ],
  })

/** What workflows send. */
export const callbackPaths = {
  '/api/internal/deploys/{id}/status': { post: callback('reportStatus', 'A workflow reports where its run stands') },
  '/api/internal/freezes': {
    get: operation({
      id: 'checkFreeze',
      permission: null,
      summary: 'A workflow asks whether its surface is frozen or locked',
      description: `${PROOF} Signed like a callback, with \`GET /api/internal/freezes\` and the query in the place of the body.`,
      parameters: [
        question('surface', 'The surface’s id.', true),
        question('deploy', 'The deploy the console started the run for.'),
        question('run', 'The run’s id, digits.'),
        ...signature,
      ],
      success: { status: 200, description: 'What holds it now, if anything does.', content: json('FreezeAnswer') },
      problems: [
        'signature_invalid',
        'reporter_refused',
        'issuer_unavailable',
        'invalid_input',
        'surface_unknown',
        'deploy_unknown',
        'deploy_elsewhere',
      ],
    }),
  },
  '/api/internal/deploys/{id}/callback': { post: callback('reportStatusOldName', 'The older name of `…/status`') },
}
