import 'server-only'
import { AppError } from '~/domain/errors'

/** The raw bytes of a request, read no further than `limit`. Throws `body_too_large`, before reading where declared. */
export async function readBoundedBody(request: Request, limit: number): Promise<Buffer> {
  const tooLarge = () =>
    new AppError('body_too_large', `The body is larger than ${limit} bytes. Nothing was kept of it.`)
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge()
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.length
    if (size > limit) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
