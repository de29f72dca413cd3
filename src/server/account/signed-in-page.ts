import 'server-only'
import { headers } from 'next/headers'
import { notFound, redirect } from 'next/navigation'
import { may } from '~/domain/actor'
import type { PageMember } from '~/domain/member'
import type { Permission } from '~/domain/permissions'
import { listProviders } from '~/server/account/list-providers'
import { readSession } from '~/server/auth/sessions/read-session'
import { getDeps } from '~/server/deps'

type Search = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * The member a page is made for. Somebody who is not signed in is sent to do that, and comes back to the same page
 * afterwards; by an answer of HTTP, which a loading.tsx above would turn into a page that goes away by itself. Opening a page is something a person does, so it keeps the session from going idle.
 */
export async function signedInPage(
  path: string,
  options: { readonly search?: Search; readonly permission?: Permission } = {},
): Promise<PageMember> {
  // First: it tells Next that the page is made per request, so that no build asks for the configuration.
  const sent = await headers()
  const deps = getDeps()
  const signedIn = await readSession(deps, sent, 'person')
  if (signedIn === null) redirect(`/sign-in?next=${encodeURIComponent(path + asQuery(options.search ?? {}))}`)
  if (options.permission !== undefined && !may(signedIn.actor, options.permission)) notFound()
  const { name, email, role, environments } = signedIn.member
  return { name, email, role, environments, providers: listProviders(deps) }
}

/** Whoever is signed in already, for the pages that are for nobody yet. */
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
