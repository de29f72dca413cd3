import 'server-only'
import { IncomingWebhook } from '@slack/webhook'
import { z } from 'zod'
import type { SendOutcome } from '~/server/deliveries/deliver'

const TIMEOUT_MS = 10_000

/** What the client throws, by shape: Slack's answer, or the report that there was none. */
const answered = z.object({ code: z.literal('slack_webhook_http_error'), statusCode: z.int(), body: z.string() })
const noAnswer = z.object({
  code: z.literal('slack_webhook_request_error'),
  original: z.object({ name: z.string(), cause: z.object({ code: z.string() }).optional() }),
})

/** The connection was never made, so nothing was posted. */
const NOT_CONNECTED = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|UND_ERR_CONNECT_TIMEOUT)$/

/** Posts once; what may be repeated is the caller's. Never throws, and never repeats the address, which is a secret. */
export async function sendToSlack(url: string, message: { readonly text: string }): Promise<SendOutcome> {
  try {
    await new IncomingWebhook(url, { timeout: TIMEOUT_MS }).send(message)
    return { kind: 'sent', status: 200 }
  } catch (error) {
    const answer = answered.safeParse(error).data
    if (answer !== undefined) {
      const { statusCode } = answer
      const reason = `Slack answered ${statusCode} (${wordOf(answer.body)})`
      return {
        kind: 'not_sent',
        lasting: statusCode < 500 && statusCode !== 429 && statusCode !== 408,
        status: statusCode,
        reason,
      }
    }
    const original = noAnswer.safeParse(error).data?.original
    const code = original?.cause?.code ?? original?.name ?? 'an unexpected error'
    if (NOT_CONNECTED.test(code))
      return { kind: 'not_sent', lasting: false, status: null, reason: `Slack is not reachable (${code})` }
    return { kind: 'unknown', reason: `Slack did not answer (${code})` }
  }
}

/** Slack's own word, such as `no_service`; whatever else a host answers is not kept. */
const wordOf = (body: string) => (/^[a-z_]{1,60}$/.test(body) ? body : 'no known reason')
