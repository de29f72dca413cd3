import 'server-only'
import type { Deps } from '~/server/deps'
import type { LinkRow } from '~/server/members/invitations'
import { linkDigest } from '~/server/people/link-token'
import { usableLink } from '~/server/people/usable-link'

/** What a link would do; null for one that does nothing (any more). Looking uses nothing up: links get previewed. */
export const lookUpLink = (deps: Pick<Deps, 'db' | 'now'>, token: string): Promise<LinkRow | null> =>
  usableLink(deps.db, linkDigest(token), deps.now())
