import 'server-only'
import type { ServerConfig } from '~/server/platform/config'
import { hmac } from '~/server/platform/crypto'

type Secrets = Pick<ServerConfig, 'authSecrets'>

/**
 * Stands for what was typed where an address belongs: people type passwords there, so it is kept keyed only. What is counted
 * under another name below is counted apart, and nothing that is typed at the door leads to another's.
 */
const keyed = ({ authSecrets }: Secrets, counted: 'door' | 'own', text: string): string =>
  hmac(authSecrets[0] ?? '', `${counted}:${text.trim().toLowerCase()}`).toString('base64url')

/** Passwords given at the door, by whoever. */
export const addressDigest = (config: Secrets, typed: string): string => keyed(config, 'door', typed)

/**
 * Passwords given by somebody who is signed in are counted apart: otherwise a stranger who locks an address keeps its owner
 * from confirming a deploy, and whoever took a session over locks its owner out.
 */
export const ownPasswordDigest = (config: Secrets, email: string): string => keyed(config, 'own', email)
