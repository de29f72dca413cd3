import 'server-only'
import { createHmac } from 'node:crypto'
import type { ServerConfig } from '~/server/config'

/** Stands for an address, or for whatever was typed where one belongs: passwords are, so it is kept keyed only. */
export function addressDigest({ authSecrets }: Pick<ServerConfig, 'authSecrets'>, typed: string): string {
  return createHmac('sha256', authSecrets[0] ?? '')
    .update(`address:${typed.trim().toLowerCase()}`)
    .digest('base64url')
}

/**
 * Passwords given by somebody who is signed in are counted apart: otherwise a stranger who locks an address keeps its owner
 * from confirming a deploy, and whoever took a session over locks its owner out.
 */
export const ownPasswordDigest = (config: Pick<ServerConfig, 'authSecrets'>, email: string): string =>
  addressDigest(config, `signed in as ${email}`)
