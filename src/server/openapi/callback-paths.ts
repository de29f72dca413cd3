import 'server-only'
import { deployId } from '~/server/openapi/deploy-paths'
import { json, operation } from '~/server/openapi/operation'

const signature = [
  { name: 'webhook-id', description: 'New for each callback, the same for a retry.', required: true },
  { name: 'webhook-timestamp', description: 'Unix seconds, within five minutes of now. Omit it with a token.' },
  {
    name: 'webhook-signature',
    description:
      'Space-separated `v1,<base64 HMAC-SHA256 of "id.timestamp.body">` (Standard Webhooks). Omit it with a token.',
  },
  {
    name: 'x-console-repository',
    description: '`owner/name` of the sender, if its repository’s own secret signs.',
  },
].map(({ required = false, ...header }) => ({ ...header, in: 'header' as const, required, schema: { type: 'string' } }))

const PROOF = 'Signed, or with GitHub’s OIDC token of the run: `Authorization: Bearer …`, audience `CONSOLE_URL`.'

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
      description: 'Accepted. `applied` is false for a repetition.',
      content: json('CallbackAnswer'),
    },
    problems: [
      'invalid_id',
      'invalid_input',
      'signature_invalid',
      'reporter_refused',
      'issuer_unavailable',
      'deploy_unknown',
      'status_unknown',
      'transition_refused',
      'attempt_superseded',
      'run_required',
      'run_mismatch',
    ],
  })

/** The addresses to which workflows and GitHub send. */
export const callbackPaths = {
  '/api/internal/deploys/{id}/status': { post: callback('reportStatus', 'A workflow reports the status of its run') },
  '/api/internal/freezes': {
    get: operation({
      id: 'checkFreeze',
      permission: null,
      summary: 'A workflow asks whether its surface is frozen or locked',
      description: `${PROOF} The signature covers \`GET /api/internal/freezes\` and the query instead of a body.`,
      parameters: [
        question('surface', 'The surface’s id.', true),
        question('deploy', 'The deploy for which the console started the run.'),
        question('run', 'The run’s id, in digits.'),
        ...signature,
      ],
      success: {
        status: 200,
        description: 'The freeze or lock of the surface, if there is one.',
        content: json('FreezeAnswer'),
      },
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
  '/api/github/webhooks': {
    post: operation({
      id: 'receiveWebhook',
      permission: null,
      summary: 'GitHub announces an event',
      description:
        'Signed by GitHub with `GITHUB_WEBHOOK_SECRET`. An event only says where to look. Without a secret, the answer is `address_unknown`.',
      parameters: ['x-github-event', 'x-hub-signature-256'].map((name) => ({
        name,
        in: 'header' as const,
        required: true,
        schema: { type: 'string' },
      })),
      body: 'Webhook',
      success: { status: 202, description: 'Accepted, or ignored.', content: json('WebhookAnswer') },
      problems: ['address_unknown', 'signature_invalid', 'media_type_refused', 'invalid_input'],
    }),
  },
  '/api/internal/deploys/{id}/callback': { post: callback('reportStatusOldName', 'The older name of `…/status`') },
}
