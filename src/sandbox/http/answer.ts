import type { IncomingMessage, ServerResponse } from 'node:http'

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export const json = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(body),
})

export const text = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
  body,
})

export const noContent = (status = 204): Answer => ({ status })

export const seeOther = (location: string): Answer => ({ status: 303, headers: { location } })

export const writeAnswer = (request: IncomingMessage, response: ServerResponse, answer: Answer): void => {
  const body = answer.body === undefined ? undefined : Buffer.from(answer.body)
  const length = answer.status === 204 || answer.status === 304 ? {} : { 'content-length': String(body?.length ?? 0) }
  // If the request was not read to its end, the rest must not stay in a reused connection.
  const unread = request.complete ? {} : { connection: 'close' }
  response.writeHead(answer.status, { 'cache-control': 'no-store', ...answer.headers, ...length, ...unread })
  response.end(request.method === 'HEAD' ? undefined : body)
}
