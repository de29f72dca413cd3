import 'server-only'
import { z } from 'zod'
import { AppError } from '~/domain/errors'
import { problemResponse, toAppError } from '~/server/platform/http/problem'

/** A sender that stops sending must not keep the connection. */
const READ_TIMEOUT_MS = 10_000

/** The raw bytes of a request, at most `limit`. Throws `body_too_large`, before reading if the length is declared. */
export async function readBoundedBody(request: Request, limit: number): Promise<Buffer> {
  const tooLarge = () =>
    new AppError('body_too_large', `The body is larger than ${limit} bytes. Nothing was done. Send a smaller one.`)
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of within(READ_TIMEOUT_MS, request.body)) {
      size += chunk.length
      if (size > limit) throw tooLarge()
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('body_incomplete', 'The body did not arrive completely. Nothing was done. Send it again.', {
      cause: error,
    })
  }
  return Buffer.concat(chunks)
}

/** Reads a stream, and fails if it has not ended within the time. */
async function* within(milliseconds: number, stream: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (stream === null) return
  const reader = stream.getReader()
  let late = false
  const giveUp = () => {
    late = true
    reader.cancel().catch(() => undefined)
  }
  const timer = setTimeout(giveUp, milliseconds)
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value
    if (late) throw new Error(`the stream did not end within ${milliseconds} ms`)
  } finally {
    clearTimeout(timer)
    reader.cancel().catch(() => undefined)
  }
}

/** A call's input takes a few hundred bytes. The screen sends nothing near this limit. */
const CALL_LIMIT = 256 * 1024

/** The same request with its body read, or a problem document if the body is too large for a call of the screen. */
export async function limitBody(request: Request): Promise<Request | Response> {
  if (request.method === 'GET' || request.method === 'HEAD') return request
  try {
    const body = await readBoundedBody(request, CALL_LIMIT)
    return new Request(request.url, { method: request.method, headers: request.headers, body: new Uint8Array(body) })
  } catch (error) {
    return problemResponse(toAppError(error))
  }
}

/** Parses raw bytes as JSON of this schema. Throws `invalid_input` with every error. */
export function parseJson<Schema extends z.ZodType>(raw: Buffer, schema: Schema): z.output<Schema> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw))
  } catch {
    throw new AppError('invalid_input', 'The body is not JSON in UTF-8. Nothing was done. Check its encoding.')
  }
  return parseInput(value, schema, 'The body')
}

/** Parses a value that is not raw bytes: a query, a header. `what` is the subject of the error's sentence. */
export function parseInput<Schema extends z.ZodType>(value: unknown, schema: Schema, what: string): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new AppError('invalid_input', `${what} is invalid: ${z.prettifyError(parsed.error)}`, {
    details: { issues: parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })) },
  })
}
