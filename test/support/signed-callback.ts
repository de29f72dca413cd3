import { randomUUID } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { CALLBACK_SECRET } from '~test/support/console'

export interface CallbackOptions {
  readonly webhookId?: string
  readonly secret?: string
  readonly at?: Date
  readonly path?: 'status' | 'callback'
  /** The repository that the sender claims. */
  readonly repository?: string
}

/** The request that a workflow sends, signed by the `standardwebhooks` package instead of our own code. */
export function signedCallback(deployId: string, body: object | string, options: CallbackOptions = {}): Request {
  const { webhookId = randomUUID(), secret = CALLBACK_SECRET, at = new Date(), path = 'status', repository } = options
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return new Request(`http://localhost/api/internal/deploys/${deployId}/${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': webhookId,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(webhookId, at, text),
      ...(repository === undefined ? {} : { 'x-console-repository': repository }),
    },
    body: text,
  })
}

/** The same with GitHub's token for the run instead of a signature. */
export function callbackWithToken(
  deployId: string,
  body: object | string,
  token: string,
  webhookId: string = randomUUID(),
) {
  return new Request(`http://localhost/api/internal/deploys/${deployId}/status`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'webhook-id': webhookId, authorization: `Bearer ${token}` },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}
