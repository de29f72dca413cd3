import 'server-only'
import { hash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { classifyConditional } from '~/server/github/answers'
import type { Database } from '~/server/platform/database'
import type { GitHubAnswer } from '~/server/platform/generated/client.ts'

/** The store of answers that all processes share. */
export interface AnswerStore {
  readonly find: (key: string) => Promise<StoredAnswer | null>
  readonly keep: (key: string, answer: StoredAnswer) => Promise<void>
  readonly recordUse: (key: string, at: Date) => Promise<void>
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** A longer answer is not stored. */
const LONGEST_BODY = 512 * 1024
/** The time of the last use is written at most this often. */
const USE_RECORDED_MS = 3_600_000

const compress = promisify(gzip)
const decompress = promisify(gunzip)

/**
 * Sends each GET with the ETag of its stored answer, and returns the stored answer for a 304, which does not count against the primary
 * rate limit (REST API, "Use conditional requests if appropriate"). Answers are stored per token, since GitHub's ETags depend on the
 * token (`Vary: Authorization`). A failing store costs a full request and loses no answer.
 */
export function fetchConditionally(send: Fetch, store: AnswerStore, onStoreError: (error: unknown) => void): Fetch {
  const nullIfStoreFails = async <Value>(work: () => Promise<Value>): Promise<Value | null> => {
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
    const known = await nullIfStoreFails(async () => {
      const stored = await store.find(key)
      return stored === null ? null : { ...stored, text: new Uint8Array(await decompress(stored.body)) }
    })
    if (known !== null) headers.set('if-none-match', known.etag)
    const response = await send(url, { ...init, headers })
    const at = new Date()
    const outcome = classifyConditional(response.status)
    if (outcome === 'unchanged' && known !== null) {
      if (at.getTime() - known.usedAt.getTime() > USE_RECORDED_MS)
        await nullIfStoreFails(() => store.recordUse(key, at))
      return new ReadResponse(response, known.text, { 'content-type': known.contentType })
    }
    const [etag, contentType] = [response.headers.get('etag'), response.headers.get('content-type')]
    if (outcome !== 'new' || etag === null || contentType === null) return response
    const text = new Uint8Array(await response.arrayBuffer())
    const body = new Uint8Array(await compress(text))
    if (body.length <= LONGEST_BODY) {
      await nullIfStoreFails(() => store.keep(key, { etag, contentType, body, usedAt: at }))
    }
    return new ReadResponse(response, text)
  }
}

/** An answer with a stored body. Its headers (the rate limit) and its address are those of the new answer. */
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

export type StoredAnswer = Omit<GitHubAnswer, 'key'>

/** Answers that were not used for this long are deleted, and the longest unused ones beyond the maximum. */
const KEPT_MS = 3 * 24 * 3_600_000
const KEPT_AT_MOST = 5_000

export function findAnswer(db: Database, key: string): Promise<StoredAnswer | null> {
  return db.gitHubAnswer.findUnique({ where: { key }, omit: { key: true } })
}

export async function keepAnswer(db: Database, key: string, answer: StoredAnswer): Promise<void> {
  await db.gitHubAnswer.upsert({ where: { key }, create: { key, ...answer }, update: answer, select: { key: true } })
}

/** Does nothing when the answer was deleted in the meantime. */
export async function recordAnswerUse(db: Database, key: string, usedAt: Date): Promise<void> {
  await db.gitHubAnswer.updateMany({ where: { key }, data: { usedAt } })
}

export async function forgetUnusedAnswers(db: Database, now: Date): Promise<void> {
  await db.gitHubAnswer.deleteMany({ where: { usedAt: { lt: new Date(now.getTime() - KEPT_MS) } } })
  const beyond = await db.gitHubAnswer.findFirst({
    orderBy: { usedAt: 'desc' },
    skip: KEPT_AT_MOST,
    select: { usedAt: true },
  })
  if (beyond !== null) await db.gitHubAnswer.deleteMany({ where: { usedAt: { lte: beyond.usedAt } } })
}
