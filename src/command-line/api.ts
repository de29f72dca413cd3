import type { z } from 'zod'
import { problemAnswer } from './answers.ts'

/** The console refused a request. The message is the `detail` of its problem document. */
export class Refused extends Error {
  readonly code: string
  readonly status: number
  readonly retryAfterSeconds: number | null

  constructor(code: string, detail: string, answer: { readonly status: number; readonly headers: Headers }) {
    super(detail)
    this.name = 'Refused'
    this.code = code
    this.status = answer.status
    const seconds = Number(answer.headers.get('retry-after') ?? Number.NaN)
    this.retryAfterSeconds = Number.isFinite(seconds) ? seconds : null
  }
}

/** No answer of the console: whether it received the request is unknown. */
export class NoAnswer extends Error {}

export interface Api {
  readonly address: string
  /** Throws `Refused`, and `NoAnswer`. */
  readonly call: <Schema extends z.ZodType>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    schema: Schema,
    sent?: { readonly body?: unknown; readonly idempotencyKey?: string },
  ) => Promise<z.output<Schema>>
}

const LIMIT_MS = 60_000

/** The REST API of one console. Follows no redirect, because the token is for this address alone. */
export function createApi(address: string, token: string | null): Api {
  return {
    address,
    async call(method, path, schema, { body, idempotencyKey } = {}) {
      const headers = {
        accept: 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      }
      const sent = body === undefined ? {} : { body: JSON.stringify(body) }
      const answer = await ask(new URL(path, `${address}/`), { method, headers, ...sent })
      const json: unknown = await answer.json().catch(() => null)
      if (!answer.ok) {
        const problem = problemAnswer.safeParse(json)
        const { code, detail } = problem.data ?? {
          code: 'unknown',
          detail: `${address} answered HTTP ${answer.status} without a problem document. Is this the address of the console?`,
        }
        throw new Refused(code, detail, answer)
      }
      const parsed = schema.safeParse(json)
      if (parsed.success) return parsed.data
      throw new Refused(
        'unknown',
        `The console at ${address} and this command line are of different versions. Download the matching command line from ${address}/api/command-line.`,
        answer,
      )
    },
  }
}

async function ask(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(LIMIT_MS) })
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
    throw new NoAnswer(`${url.origin} does not answer: ${cause}`)
  }
}
