import 'server-only'
import { IncomingWebhook } from '@slack/webhook'
import { z } from 'zod'
import { type AddressRule, failureOf, guardedPost, type SendOutcome } from '~/server/platform/guarded-post'

/** What the client throws, by shape: Slack's answer, or the report that there was none. */
const answered = z.object({ code: z.literal('slack_webhook_http_error'), statusCode: z.int(), body: z.string() })
const noAnswer = z.object({
  code: z.literal('slack_webhook_request_error'),
  original: z.instanceof(Error),
})

/** Posts once; what may be repeated is the caller's. Never throws, and never repeats the address, which is a secret. */
export async function sendToSlack(
  url: string,
  message: { readonly text: string },
  rule: AddressRule,
): Promise<SendOutcome> {
  let asked = 0
  const post = async (_: unknown, init?: RequestInit) => {
    const { status, statusText, text, waitMs } = await guardedPost(url, headersAndBody(init), rule)
    asked = waitMs
    return new Response(NO_BODY.has(status) ? null : text, { status, statusText })
  }
  try {
    await new IncomingWebhook(url, { fetch: post }).send(message)
    return { kind: 'sent', status: 200 }
  } catch (error) {
    const answer = answered.safeParse(error).data
    if (answer !== undefined) {
      const { statusCode: status } = answer
      const reason = `Slack answered ${status} (${wordOf(answer.body)})`
      const lasting = status < 500 && status !== 429 && status !== 408
      return { kind: 'not_sent', lasting, status, reason, waitMs: asked }
    }
    return failureOf(noAnswer.safeParse(error).data?.original, 'Slack')
  }
}

/** What `Response` takes no body with. */
const NO_BODY = new Set([204, 205, 304])

const headersAndBody = (init: RequestInit | undefined) => ({
  headers: Object.fromEntries(new Headers(init?.headers)),
  body: String(init?.body ?? ''),
})

/** Slack's own word, such as `no_service`; whatever else a host answers is not kept. */
const wordOf = (body: string) => (/^[a-z_]{1,60}$/.test(body) ? body : 'no known reason')
