import 'server-only'
import { createHash, randomBytes } from 'node:crypto'

/** 256 random bits: nobody finds one, so a plain digest is enough to know it again. */
export const newLinkToken = (): string => randomBytes(32).toString('base64url')

export const linkDigest = (token: string): string => createHash('sha256').update(token).digest('hex')
