import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const digest = (value: string): Buffer => createHash('sha256').update(value).digest()

/** Compares in constant time, for any lengths. */
export const sameSecret = (given: string, expected: string): boolean => timingSafeEqual(digest(given), digest(expected))

/** The token of `Authorization: Bearer x`, or of the older `token x`. GitHub accepts both. */
export const bearerOf = (authorization: string | undefined): string | undefined =>
  /^(?:bearer|token)\s+(\S+)$/i.exec(authorization ?? '')?.[1]

const LIMIT = 256 * 1024

/** The whole body as text, or `undefined` if it is too large. */
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

/** The body as JSON, or `undefined` if it is not JSON. Like GitHub, reads an empty body as an empty object. */
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
