import 'server-only'
import { problemResponse, toAppError } from '~/server/platform/http/problem'
import { readBoundedBody } from '~/server/platform/http/read-bounded-body'

/** A call's input is a few hundred bytes; nothing the screen sends comes near this. */
const LIMIT = 256 * 1024

/** The same request with its body read, or the problem document when it is larger than any call's input. */
export async function boundRequest(request: Request): Promise<Request | Response> {
  if (request.method === 'GET' || request.method === 'HEAD') return request
  try {
    const body = await readBoundedBody(request, LIMIT)
    return new Request(request.url, { method: request.method, headers: request.headers, body: new Uint8Array(body) })
  } catch (error) {
    return problemResponse(toAppError(error))
  }
}
