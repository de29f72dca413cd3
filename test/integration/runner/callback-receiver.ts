import { Webhook } from 'standardwebhooks'
import { z } from 'zod'
import { type Answer, startServer } from './http-server'

const callbackSchema = z.object({
  status: z.string(),
  log_line: z.string().optional(),
  run_id: z.string().regex(/^\d+$/),
  run_attempt: z.number().int(),
  failure_stage: z.string().optional(),
  deployed_sha: z.string().optional(),
})

interface ReceivedCallback extends z.infer<typeof callbackSchema> {
  readonly path: string
  readonly webhookId: string
  readonly timestamp: string
  readonly raw: string
}

export const notFrozen = {
  frozen: false,
  kind: null,
  reason: null,
  until: null,
  overridden: false,
  override_reason: null,
}

/**
 * A console as a workflow sees it: it takes callbacks, answers freeze checks, and verifies every signature with the
 * reference implementation.
 */
export async function startReceiver(
  secret: string,
  reply: (count: number) => Answer = accepted,
  replyToQuestion: (count: number) => Answer = () => ({ status: 200, body: notFrozen }),
) {
  const received: ReceivedCallback[] = []
  /** Addresses of the freeze checks with a valid signature. */
  const questions: string[] = []
  // A secret without the prefix whsec_ is used as its own bytes, which the package calls raw.
  const webhook = secret.startsWith('whsec_')
    ? new Webhook(secret)
    : new Webhook(new TextEncoder().encode(secret), { format: 'raw' })
  const url = await startServer((request, body) => {
    const headers = {
      'webhook-id': String(request.headers['webhook-id']),
      'webhook-timestamp': String(request.headers['webhook-timestamp']),
      'webhook-signature': String(request.headers['webhook-signature']),
    }
    if (request.method === 'GET') {
      const at = new Date(Number(headers['webhook-timestamp']) * 1000)
      const expected = webhook.sign(headers['webhook-id'], at, `GET ${request.url}`)
      if (headers['webhook-signature'] !== expected) return { status: 401, body: { title: 'Signature refused' } }
      questions.push(String(request.url))
      return replyToQuestion(questions.length)
    }
    try {
      const callback = callbackSchema.parse(webhook.verify(body, headers))
      received.push({
        ...callback,
        path: `${request.method} ${request.url}`,
        webhookId: headers['webhook-id'],
        timestamp: headers['webhook-timestamp'],
        raw: body.toString('utf8'),
      })
    } catch (error) {
      return { status: 401, body: { title: 'Signature refused', detail: String(error) } }
    }
    return reply(received.length)
  })
  return { url, received, questions }
}

function accepted(): Answer {
  return { status: 200, body: { applied: true } }
}
