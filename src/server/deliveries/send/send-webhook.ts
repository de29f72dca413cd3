import 'server-only'
import { Webhook } from 'standardwebhooks'
import { type AddressRule, failureOf, guardedPost, type SendOutcome } from '~/server/platform/guarded-post'

interface SignedPost {
  readonly url: string
  readonly secret: string
  /** The same however often it is sent, so that the receiver can drop doubles. */
  readonly id: string
  readonly body: string
  readonly at: Date
}

/** Posts once, signed after Standard Webhooks. Never throws, and never repeats the address or what the receiver said. */
export async function sendWebhook({ url, secret, id, body, at }: SignedPost, rule: AddressRule): Promise<SendOutcome> {
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'Deploy-Console',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  }
  try {
    const { status, waitMs } = await guardedPost(url, { headers, body }, rule)
    if (status >= 200 && status < 300) return { kind: 'sent', status }
    // 410: the receiver asks not to be told again (Standard Webhooks).
    return { kind: 'not_sent', lasting: status === 410, status, reason: `The receiver answered ${status}`, waitMs }
  } catch (error) {
    return failureOf(error instanceof Error ? error : undefined, 'The receiver')
  }
}
