import type { Metadata } from 'next'
import { getDeps } from '~/server/deps'
import { lookUpLink } from '~/server/members/manage/links'
import { EntryFrame, LinkGone } from '~/ui/auth/entry/entry-frame'
import { JoinForm, NewPasswordForm } from '~/ui/auth/entry/link-forms'

/** The address is a secret: it is sent to no other site as a referrer. */
export const metadata: Metadata = { title: 'Invitation · Deploy Console', referrer: 'no-referrer' }

/** Only reads the link. Pressing the button uses it up. */
export default async function Page({ params }: PageProps<'/invite/[token]'>) {
  const { token } = await params
  const link = await lookUpLink(getDeps(), token)
  if (link === null || link.kind === 'setup') return <LinkGone />
  if (link.kind === 'recovery' && link.email !== null) {
    return (
      <EntryFrame title="Set a new password">
        <p className="mb-4 text-pretty text-ink-soft">
          For <span className="font-medium break-all text-ink">{link.email}</span>. Setting a password ends every
          session and API token of this account, and removes its passkeys and connected providers. Its second factor
          stays. Sign in with the new password afterwards.
        </p>
        <NewPasswordForm token={token} email={link.email} />
      </EntryFrame>
    )
  }
  const reach = link.environments === null ? 'every environment' : link.environments.join(', ')
  return (
    <EntryFrame title="You are invited">
      <p className="mb-4 text-pretty text-ink-soft">
        {link.createdBy} invited you as <span className="font-medium text-ink">{link.role}</span>, for {reach}.
      </p>
      <JoinForm token={token} email={link.email} action="Join" />
    </EntryFrame>
  )
}
