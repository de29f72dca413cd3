import 'server-only'
import { hash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { classifyConditional } from '~/server/github/answers'
import type { StoredAnswer } from '~/server/github/stored-answers'

/** Where answers are kept for all processes. */
export interface AnswerStore {
  readonly find: (key: string) => Promise<StoredAnswer | null>
  readonly keep: (key: string, answer: StoredAnswer) => Promise<void>
  readonly noteUsed: (key: string, at: Date) => Promise<void>
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** A longer answer is asked for anew each time. */
const LONGEST_BODY = 512 * 1024
/** How exact the time of the last use is: each note of it is a write. */
const USE_NOTED_MS = 3_600_000

const compress = promisify(gzip)
const decompress = promisify(gunzip)

/**
 * Sends each GET with the ETag of the answer that is stored for it, and hands the stored answer over when GitHub says 304 (REST API,
 * "Use conditional requests if appropriate": a 304 does not count against the primary rate limit). Answers are told apart by the token
 * they were given to: GitHub makes it part of the ETag and says so (`Vary: Authorization`), so the ETag of another token of the
 * same installation would be answered in full. A store that fails costs a request, and loses no answer.
 */
export function fetchConditionally(send: Fetch, store: AnswerStore, onStoreError: (error: unknown) => void): Fetch {
  /** Null where the store does not answer. */
  const unlessAway = async <Value>(work: () => Promise<Value>): Promise<Value | null> => {
    try {
      return await work()
    } catch (error) {
      onStoreError(error)
      return null
    }
  }
  return async (url, init) => {
    if ((init.method ?? 'GET') !== 'GET') return send(url, init)
    const headers = new Headers(init.headers)
    const about = ['authorization', 'accept', 'x-github-api-version'].map((name) => headers.get(name))
    const key = hash('sha256', JSON.stringify([url, ...about]))
    const known = await unlessAway(async () => {
      const stored = await store.find(key)
      return stored === null ? null : { ...stored, text: new Uint8Array(await decompress(stored.body)) }
    })
    if (known !== null) headers.set('if-none-match', known.etag)
    const response = await send(url, { ...init, headers })
    const at = new Date()
    const outcome = classifyConditional(response.status)
    if (outcome === 'unchanged' && known !== null) {
      if (at.getTime() - known.usedAt.getTime() > USE_NOTED_MS) await unlessAway(() => store.noteUsed(key, at))
      return new ReadResponse(response, known.text, { 'content-type': known.contentType })
    }
    const [etag, contentType] = [response.headers.get('etag'), response.headers.get('content-type')]
    if (outcome !== 'new' || etag === null || contentType === null) return response
    const text = new Uint8Array(await response.arrayBuffer())
    const body = new Uint8Array(await compress(text))
    if (body.length <= LONGEST_BODY) {
      await unlessAway(() => store.keep(key, { etag, contentType, body, usedAt: at }))
    }
    return new ReadResponse(response, text)
  }
}

/** An answer with a body read elsewhere. Its headers say what is left of the hour now, its address where it came from. */
class ReadResponse extends Response {
  readonly #answered: Response

  constructor(answered: Response, text: Uint8Array<ArrayBuffer>, instead: Record<string, string> = {}) {
    const headers = new Headers(answered.headers)
    for (const name of ['content-encoding', 'content-length']) headers.delete(name)
    for (const [name, value] of Object.entries(instead)) headers.set(name, value)
    super(text, { status: 200, headers })
    this.#answered = answered
  }

  override get url(): string {
    return this.#answered.url
  }
}
