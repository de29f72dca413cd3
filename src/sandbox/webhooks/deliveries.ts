import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { Webhooks } from '@octokit/webhooks'

/** GitHub waits this long for an answer and does not retry. */
const ANSWER_WITHIN_MS = 10_000
/** The ping is retried until it is answered, because the sandbox starts before the console. */
const PING_AGAIN_MS = 2_000

export interface Delivery {
  readonly event: string
  readonly payload: object
}

export interface Deliveries {
  /** Sends the deliveries of `make` after all earlier ones. As on GitHub, a failed delivery is lost. */
  readonly send: (make: () => Promise<readonly Delivery[]>) => void
  /** Sends a delivery until it is answered. */
  readonly ping: (delivery: Delivery) => void
  readonly close: () => Promise<void>
}

/** Sends signed webhooks to one console: https://docs.github.com/en/webhooks/webhook-events-and-payloads */
export const openDeliveries = (url: string, secret: string): Deliveries => {
  const webhooks = new Webhooks({ secret })
  const closing = new AbortController()
  let last: Promise<unknown> = Promise.resolve()

  const post = async ({ event, payload }: Delivery): Promise<void> => {
    const body = JSON.stringify(payload)
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'GitHub-Hookshot/sandbox',
        'x-github-delivery': randomUUID(),
        'x-github-event': event,
        'x-github-hook-id': '1',
        'x-hub-signature-256': await webhooks.sign(body),
      },
      body,
      signal: AbortSignal.any([AbortSignal.timeout(ANSWER_WITHIN_MS), closing.signal]),
    })
    await answer.body?.cancel()
    if (!answer.ok) process.stderr.write(`A webhook (${event}) was answered ${answer.status}.\n`)
  }
  const postAll = async (make: () => Promise<readonly Delivery[]>): Promise<void> => {
    if (closing.signal.aborted) return
    for (const delivery of await make()) await post(delivery).catch(() => undefined)
  }
  const postUntilAnswered = async (delivery: Delivery): Promise<void> => {
    while (!closing.signal.aborted) {
      const answered = await post(delivery).then(
        () => true,
        () => false,
      )
      if (answered) return
      await pause(PING_AGAIN_MS, undefined, { signal: closing.signal, ref: false }).catch(() => undefined)
    }
  }

  return {
    send: (make) => {
      last = last
        .then(() => postAll(make))
        .catch((error: unknown) => {
          process.stderr.write(`A webhook could not be made: ${String(error)}\n`)
        })
    },
    ping: (delivery) => void postUntilAnswered(delivery),
    close: async () => {
      closing.abort()
      await last
    },
  }
}
