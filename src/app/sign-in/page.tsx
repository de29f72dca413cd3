import type { Metadata, Route } from 'next'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { safeNextPath } from '~/domain/next-path'
import { isSignedIn } from '~/server/account/page-member'
import { listProviders } from '~/server/account/read-account'
import { getDeps } from '~/server/deps'
import { hasAdmin } from '~/server/members/manage/list-members'
import { EntryFrame } from '~/ui/auth/entry/entry-frame'
import { providerRefusal } from '~/ui/auth/provider-refusal'
import { SignInForm } from '~/ui/auth/sign-in-form'
import { PageLink } from '~/ui/primitives/links'
import { Notice } from '~/ui/primitives/notice'

export const metadata: Metadata = { title: 'Sign in · Deploy Console' }

export default async function Page({ searchParams }: PageProps<'/sign-in'>) {
  const next = safeNextPath((await searchParams)['next'])
  const refused = providerRefusal((await searchParams)['error'])
  if (await isSignedIn()) {
    // Next's route type cannot know an address from the request. `next` was parsed above.
    if (refused === null) redirect(next as Route)
    return (
      <EntryFrame title="You are signed in">
        <Notice tone="bad" role="alert">
          {refused}
        </Notice>
        <p className="mt-3 text-sm text-ink-soft">
          Your session is unchanged.{' '}
          <PageLink href={next as Route} className="underline underline-offset-2">
            Continue
          </PageLink>
        </p>
      </EntryFrame>
    )
  }
  const deps = getDeps()
  const sandbox = deps.config.sandboxUrl !== undefined
  if (sandbox || (await hasAdmin(deps))) {
    return (
      <EntryFrame title="Sign in">
        <SignInForm
          next={next}
          providers={listProviders(deps)}
          passkeys={!isNumeric((await headers()).get('host') ?? '')}
          refused={refused}
        />
        {sandbox && (
          <p className="mt-4 border-t border-line pt-3 text-xs text-pretty text-ink-soft">
            This is the sandbox. The link that <code className="font-mono">npm start</code> printed signs you in without
            a password. To print a new link, run{' '}
            <code className="font-mono whitespace-nowrap">npm run console -- setup-link</code>
          </p>
        )}
      </EntryFrame>
    )
  }
  return (
    <EntryFrame title="No admin yet">
      <p className="text-pretty text-ink-soft">
        This console has no admin yet. To create one, open the setup link that{' '}
        <code className="font-mono">npm start</code> printed. To print a new link, run:
      </p>
      <p className="mt-2 rounded-[5px] bg-well px-3 py-2 font-mono text-xs">npm run console -- setup-link</p>
    </EntryFrame>
  )
}

/** A passkey is bound to a host name, and an IP address is none (WebAuthn, 5.1.2). */
const isNumeric = (host: string): boolean => /^[\d.]+(:\d+)?$|^\[/.test(host)
