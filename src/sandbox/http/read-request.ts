import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const digest = (value: string): Buffer => createHash('sha256').update(value).digest()

/** Compares in constant time, whatever the lengths. */
export const sameSecret = (given: string, expected: string): boolean => timingSafeEqual(digest(given), digest(expected))

/** The token of `Authorization: Bearer x` or the older `token x`; GitHub takes both. */
export const bearerOf = (authorization: string | undefined): string | undefined =>
  /^(?:bearer|token)\s+(\S+)$/i.exec(authorization ?? '')?.[1]

const LIMIT = 256 * 1024

/** The whole body as text; `undefined` when it is larger than the sandbox takes. */
export const readBody = async (request: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    size += bytes.length
    if (size > LIMIT) return undefined
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The body as JSON; `undefined` when it is no JSON. An empty body is an empty object, as GitHub has it. */
export const readJson = async (request: IncomingMessage): Promise<unknown> => {
  const body = await readBody(request)
  if (body === undefined) return undefined
  if (body.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(body)
    return value
  } catch {
    return undefined
  }
}
