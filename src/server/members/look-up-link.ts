import 'server-only'
import { type LinkRow, readLink } from '~/server/db/invitations'
import { readUserIdOf } from '~/server/db/members'
import type { Deps } from '~/server/deps'
import { linkDigest } from '~/server/members/link-token'

/** `known`: the address has an account already, so the link is for a new password. */
export type LookedUpLink = LinkRow & { readonly known: boolean }

/** What a link would do; null for one that does nothing (any more). Looking uses nothing up: links get previewed. */
export async function lookUpLink({ db, now }: Pick<Deps, 'db' | 'now'>, token: string): Promise<LookedUpLink | null> {
  const link = await readLink(db, linkDigest(token), now())
  if (link === null) return null
  return { ...link, known: link.email !== null && (await readUserIdOf(db, link.email)) !== null }
}
