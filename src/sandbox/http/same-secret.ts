import { createHash, timingSafeEqual } from 'node:crypto'

const digest = (value: string): Buffer => createHash('sha256').update(value).digest()

/** Compares in constant time, whatever the lengths. */
export const sameSecret = (given: string, expected: string): boolean => timingSafeEqual(digest(given), digest(expected))

/** The token of `Authorization: Bearer x` or the older `token x`; GitHub takes both. */
export const bearerOf = (authorization: string | undefined): string | undefined =>
  /^(?:bearer|token)\s+(\S+)$/i.exec(authorization ?? '')?.[1]
