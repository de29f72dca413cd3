import 'server-only'
import { type LinkRow, readLink } from '~/server/db/invitations'
import type { Deps } from '~/server/deps'
import { linkDigest } from '~/server/members/link-token'

/** What a link would do; null for one that does nothing (any more). Looking uses nothing up: links get previewed. */
export function lookUpLink({ db, now }: Pick<Deps, 'db' | 'now'>, token: string): Promise<LinkRow | null> {
  return readLink(db, linkDigest(token), now())
}
