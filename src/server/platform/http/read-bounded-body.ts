import 'server-only'
import { AppError } from '~/domain/errors'

/** A sender that has nothing to say any more must not keep the connection. */
const READ_TIMEOUT_MS = 10_000

/** The raw bytes of a request, read no further than `limit`. Throws `body_too_large`, before reading where declared. */
export async function readBoundedBody(request: Request, limit: number): Promise<Buffer> {
  const tooLarge = () =>
    new AppError('body_too_large', `The body is larger than ${limit} bytes. Nothing was kept of it.`)
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
    throw new AppError('body_incomplete', 'The body did not arrive in full. Nothing was kept of it.', { cause: error })
  }
  return Buffer.concat(chunks)
}

/** Ends a stream that does not end by itself in time. */
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
    if (late) throw new Error(`nothing more came within ${milliseconds} ms`)
  } finally {
    clearTimeout(timer)
    reader.cancel().catch(() => undefined)
  }
}
