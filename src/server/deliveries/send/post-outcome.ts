import 'server-only'
import { IncomingWebhook } from '@slack/webhook'
import { Webhook } from 'standardwebhooks'
import { z } from 'zod'
import { type AddressRule, failureOf, guardedPost, type SendOutcome } from '~/server/platform/guarded-post'

/** The errors of Slack's client, by shape: an answer from Slack, or none. */
const httpError = z.object({ code: z.literal('slack_webhook_http_error'), statusCode: z.int(), body: z.string() })
const requestError = z.object({
  code: z.literal('slack_webhook_request_error'),
  original: z.instanceof(Error),
})

/** Posts once. Never throws, and never mentions the address, which is a secret. */
export async function sendToSlack(
  url: string,
  message: { readonly text: string },
  rule: AddressRule,
): Promise<SendOutcome> {
  let retryAfterMs = 0
  const post = async (_: unknown, init?: RequestInit) => {
    const { status, statusText, text, waitMs } = await guardedPost(url, headersAndBody(init), rule)
    retryAfterMs = waitMs
    return new Response(NO_BODY.has(status) ? null : text, { status, statusText })
  }
  try {
    await new IncomingWebhook(url, { fetch: post }).send(message)
    return { kind: 'sent', status: 200 }
  } catch (error) {
    const answer = httpError.safeParse(error).data
    if (answer !== undefined) {
      const { statusCode: status } = answer
      const reason = `Slack answered ${status} (${errorCodeIn(answer.body)})`
      const lasting = status < 500 && status !== 429 && status !== 408
      return { kind: 'not_sent', lasting, status, reason, waitMs: retryAfterMs }
    }
    return failureOf(requestError.safeParse(error).data?.original, 'Slack')
  }
}

/** The statuses with which `Response` accepts no body. */
const NO_BODY = new Set([204, 205, 304])

const headersAndBody = (init: RequestInit | undefined) => ({
  headers: Object.fromEntries(new Headers(init?.headers)),
  body: String(init?.body ?? ''),
})

/** Slack's error code, such as `no_service`. Any other text from the host is dropped. */
const errorCodeIn = (body: string) => (/^[a-z_]{1,60}$/.test(body) ? body : 'no known reason')

interface SignedPost {
  readonly url: string
  readonly secret: string
  /** The same for every attempt, so that the receiver can drop duplicates. */
  readonly id: string
  readonly body: string
  readonly at: Date
}

/** Posts once, signed as Standard Webhooks specifies. Never throws, and never mentions the address or the receiver's text. */
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
    // 410: the receiver asks for no more deliveries (Standard Webhooks).
    return { kind: 'not_sent', lasting: status === 410, status, reason: `The receiver answered ${status}`, waitMs }
  } catch (error) {
    return failureOf(error instanceof Error ? error : undefined, 'The receiver')
  }
}
