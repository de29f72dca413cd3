import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer } from '~/sandbox/http/answer'

export const writeAnswer = (request: IncomingMessage, response: ServerResponse, answer: Answer): void => {
  const body = answer.body === undefined ? undefined : Buffer.from(answer.body)
  const length = answer.status === 204 || answer.status === 304 ? {} : { 'content-length': String(body?.length ?? 0) }
  // An answer given before the whole request was read must not leave the rest in a reused connection.
  const unread = request.complete ? {} : { connection: 'close' }
  response.writeHead(answer.status, { 'cache-control': 'no-store', ...answer.headers, ...length, ...unread })
  response.end(request.method === 'HEAD' ? undefined : body)
}
