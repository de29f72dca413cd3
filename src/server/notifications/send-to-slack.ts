import 'server-only'
import { IncomingWebhook } from '@slack/webhook'
import { z } from 'zod'

const TIMEOUT_MS = 10_000

/** Three outcomes, as with every call that cannot be repeated harmlessly: after `unknown` it may have been posted. */
export type SendOutcome =
  | { readonly kind: 'sent' }
  /** Certainly not posted. `lasting`: trying again would not help. */
  | { readonly kind: 'not_sent'; readonly lasting: boolean; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string }

/** What the client throws, by shape: Slack's answer, or the report that there was none. */
const answered = z.object({ code: z.literal('slack_webhook_http_error'), statusCode: z.int(), body: z.string() })
const noAnswer = z.object({
  code: z.literal('slack_webhook_request_error'),
  original: z.object({ name: z.string(), cause: z.object({ code: z.string() }).optional() }),
})

/** The connection was never made, so nothing was posted. */
const NOT_CONNECTED = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|UND_ERR_CONNECT_TIMEOUT)$/

/** Posts once; the queue tries again where that is safe. Never throws, and never repeats the address, which is a secret. */
export async function sendToSlack(url: string, message: { readonly text: string }): Promise<SendOutcome> {
  try {
    await new IncomingWebhook(url, { timeout: TIMEOUT_MS }).send(message)
    return { kind: 'sent' }
  } catch (error) {
    const answer = answered.safeParse(error).data
    if (answer !== undefined) {
      const { statusCode } = answer
      const reason = `Slack answered ${statusCode} (${answer.body.slice(0, 100)})`
      return { kind: 'not_sent', lasting: statusCode < 500 && statusCode !== 429 && statusCode !== 408, reason }
    }
    const original = noAnswer.safeParse(error).data?.original
    const code = original?.cause?.code ?? original?.name ?? 'an unexpected error'
    if (NOT_CONNECTED.test(code))
      return { kind: 'not_sent', lasting: false, reason: `Slack is not reachable (${code})` }
    return { kind: 'unknown', reason: `Slack did not answer (${code})` }
  }
}
