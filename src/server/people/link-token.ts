import 'server-only'
import { randomBytes } from 'node:crypto'
import { sha256 } from '~/server/platform/crypto'

/** 256 random bits: nobody finds one, so a plain digest is enough to know it again. */
export const newLinkToken = (): string => randomBytes(32).toString('base64url')

export const linkDigest = (token: string): string => sha256(token)
