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

/** What workflows and GitHub send. */
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
  '/api/github/webhooks': {
    post: operation({
      id: 'receiveWebhook',
      permission: null,
      summary: 'GitHub tells of an event',
      description:
        'Signed by GitHub with `GITHUB_WEBHOOK_SECRET`. An event only says where to look. `address_unknown` while no secret is set.',
      parameters: ['x-github-event', 'x-hub-signature-256'].map((name) => ({
        name,
        in: 'header' as const,
        required: true,
        schema: { type: 'string' },
      })),
      body: 'Webhook',
      success: { status: 202, description: 'Taken, or of no use here.', content: json('WebhookAnswer') },
      problems: [
        'address_unknown',
        'body_incomplete',
        'body_too_large',
        'signature_invalid',
        'media_type_refused',
        'invalid_input',
      ],
    }),
  },
  '/api/internal/deploys/{id}/callback': { post: callback('reportStatusOldName', 'The older name of `…/status`') },
}
