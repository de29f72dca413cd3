import 'server-only'
import { headers } from 'next/headers'
import { notFound, redirect } from 'next/navigation'
import { cache } from 'react'
import { may } from '~/domain/actor'
import type { PageMember } from '~/domain/member'
import type { Permission } from '~/domain/permissions'
import { listProviders } from '~/server/account/read-account'
import { listDecidable } from '~/server/approvals/approval-view'
import { readSession } from '~/server/auth/sessions/read-session'
import { getDeps } from '~/server/deps'

/** The session of the person who opens a page, read once for each page. Opening a page keeps the session from going idle. */
export const readPageSession = cache(async () => {
  // Before `getDeps`: reading the headers makes Next render the page per request, so the build needs no configuration.
  const sent = await headers()
  return readSession(getDeps(), sent, 'person')
})

type Search = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * The member who opens a page. Redirects to the sign-in page, and from there back to this one. The redirect is an answer of
 * HTTP; a loading.tsx above would turn it into a page.
 */
export async function requireMember(
  path: string,
  options: { readonly search?: Search; readonly permission?: Permission } = {},
): Promise<PageMember> {
  const signedIn = await readPageSession()
  if (signedIn === null) redirect(`/sign-in?next=${encodeURIComponent(path + asQuery(options.search ?? {}))}`)
  if (options.permission !== undefined && !may(signedIn.actor, options.permission)) notFound()
  const deps = getDeps()
  const { name, email, role, environments } = signedIn.member
  return {
    ...{ name, email, role, environments },
    providers: listProviders(deps),
    sandboxUrl: deps.config.sandboxUrl ?? null,
    decidable: await listDecidable(deps, signedIn.actor),
  }
}

/** Whether somebody is signed in, for pages without a member. */
export async function isSignedIn(): Promise<boolean> {
  return (await readPageSession()) !== null
}

function asQuery(search: Search): string {
  const query = asParams(search)
  return query.size === 0 ? '' : `?${query}`
}

/** The query of a page's address. */
export function asParams(search: Search): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(search)) {
    for (const one of [value ?? []].flat()) query.append(name, one)
  }
  return query
}
