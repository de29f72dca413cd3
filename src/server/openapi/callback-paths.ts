import 'server-only'
import { deployId } from '~/server/openapi/deploy-paths'
import { json, operation } from '~/server/openapi/operation'

const signature = [
  { name: 'webhook-id', description: 'New for every callback, the same for a retry.' },
  { name: 'webhook-timestamp', description: 'Unix seconds, within five minutes of now.' },
  {
    name: 'webhook-signature',
    description: 'Space-separated `v1,<base64 HMAC-SHA256 of "id.timestamp.body">` (Standard Webhooks).',
  },
].map(({ name, description }) => ({
  name,
  in: 'header' as const,
  required: true,
  description,
  schema: { type: 'string' },
}))

const callback = (id: string, summary: string) =>
  operation({
    id,
    summary,
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
      'deploy_unknown',
      'body_incomplete',
      'body_too_large',
      'status_unknown',
      'transition_refused',
    ],
  })

/** What workflows send. */
export const callbackPaths = {
  '/api/internal/deploys/{id}/status': { post: callback('reportStatus', 'A workflow reports where its run stands') },
  '/api/internal/deploys/{id}/callback': { post: callback('reportStatusOldName', 'The older name of `…/status`') },
}
