import 'server-only'
import { headers } from 'next/headers'
import { notFound, redirect } from 'next/navigation'
import { may } from '~/domain/actor'
import type { PageMember } from '~/domain/member'
import type { Permission } from '~/domain/permissions'
import { listProviders } from '~/server/account/read-account'
import { listDecidable } from '~/server/approvals/approval-view'
import { readSession } from '~/server/auth/sessions/read-session'
import { getDeps } from '~/server/deps'

type Search = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * The member who opens a page. Redirects to the sign-in page, and from there back to this one. The redirect is an answer of
 * HTTP; a loading.tsx above would turn it into a page. Opening a page keeps the session from going idle.
 */
export async function requireMember(
  path: string,
  options: { readonly search?: Search; readonly permission?: Permission } = {},
): Promise<PageMember> {
  // Before `getDeps`: reading the headers makes Next render the page per request, so the build needs no configuration.
  const sent = await headers()
  const deps = getDeps()
  const signedIn = await readSession(deps, sent, 'person')
  if (signedIn === null) redirect(`/sign-in?next=${encodeURIComponent(path + asQuery(options.search ?? {}))}`)
  if (options.permission !== undefined && !may(signedIn.actor, options.permission)) notFound()
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
  const sent = await headers()
  return (await readSession(getDeps(), sent, 'person')) !== null
}

function asQuery(search: Search): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(search)) {
    for (const one of [value ?? []].flat()) query.append(name, one)
  }
  return query.size === 0 ? '' : `?${query}`
}
