import 'server-only'
import { AppError } from '~/domain/errors'

/** A slow client holds its answer in memory, so this bounds how long. */
const SENT_WITHIN_MS = 2 * 60_000
const AT_ONCE = 3
const RETRY_AFTER_SECONDS = 5
const CHUNK_BYTES = 64 * 1024

export interface LargeAnswers {
  /**
   * Builds the body of an answer in memory, and sends it. An account has one such answer at once, and the server a few: from before
   * it is built until it is sent. Throws `rate_limited` at the limit.
   */
  readonly send: (
    call: { readonly account: string; readonly method: string },
    headers: Readonly<Record<string, string>>,
    build: () => Promise<string>,
  ) => Promise<Response>
}

export function createLargeAnswers(): LargeAnswers {
  const accounts = new Set<string>()
  return {
    send: async ({ account, method }, headers, build) => {
      if (accounts.has(account) || accounts.size >= AT_ONCE) {
        const detail = `Other large files are being written. Nothing was done. Try again in ${RETRY_AFTER_SECONDS} s.`
        throw new AppError('rate_limited', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS })
      }
      accounts.add(account)
      const release = () => accounts.delete(account)
      try {
        const bytes = Buffer.from(await build())
        if (method !== 'HEAD') return new Response(streamOf(bytes, release), { headers })
      } catch (error) {
        release()
        throw error
      }
      // Nobody reads the body of an answer to HEAD.
      release()
      return new Response(null, { headers })
    },
  }
}

/** The bytes in chunks, each when the client has received the one before. Calls `release` once the stream has ended in any way. */
function streamOf(bytes: Uint8Array, release: () => void): ReadableStream<Uint8Array> {
  let sent = 0
  let deadline: NodeJS.Timeout | undefined
  const end = () => {
    clearTimeout(deadline)
    release()
  }
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        deadline = setTimeout(() => {
          release()
          controller.error(new Error(`The client did not receive the answer within ${SENT_WITHIN_MS / 1000} s`))
        }, SENT_WITHIN_MS).unref()
      },
      pull: (controller) => {
        controller.enqueue(bytes.subarray(sent, sent + CHUNK_BYTES))
        sent += CHUNK_BYTES
        if (sent < bytes.length) return
        end()
        controller.close()
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )
}
