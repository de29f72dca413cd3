import 'server-only'
import type { LinkRow } from '~/server/db/invitations'
import type { Deps } from '~/server/deps'
import { linkDigest } from '~/server/members/link-token'
import { usableLink } from '~/server/members/usable-link'

/** What a link would do; null for one that does nothing (any more). Looking uses nothing up: links get previewed. */
export const lookUpLink = (deps: Pick<Deps, 'db' | 'now' | 'config'>, token: string): Promise<LinkRow | null> =>
  usableLink(deps, deps.db, linkDigest(token), deps.now())
