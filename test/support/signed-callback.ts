import { randomUUID } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { CALLBACK_SECRET } from '~test/support/console'

export interface CallbackOptions {
  readonly webhookId?: string
  readonly secret?: string
  readonly at?: Date
  readonly path?: 'status' | 'callback'
}

/** The request a workflow sends, signed by the `standardwebhooks` package rather than by our own code. */
export function signedCallback(deployId: string, body: object | string, options: CallbackOptions = {}): Request {
  const { webhookId = randomUUID(), secret = CALLBACK_SECRET, at = new Date(), path = 'status' } = options
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return new Request(`http://localhost/api/internal/deploys/${deployId}/${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': webhookId,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(webhookId, at, text),
    },
    body: text,
  })
}
