import type { Metadata } from 'next'
import { SANDBOX_OPERATOR } from '~/domain/member'
import { getDeps } from '~/server/deps'
import { lookUpLink } from '~/server/members/manage/links'
import { EntryFrame, LinkGone } from '~/ui/auth/entry/entry-frame'
import { JoinForm, SandboxStart } from '~/ui/auth/entry/link-forms'

/** The address is a secret: it is sent to no other site as a referrer. */
export const metadata: Metadata = { title: 'Set up · Deploy Console', referrer: 'no-referrer' }

/** Only reads the link. Pressing the button uses it up. */
export default async function Page({ params }: PageProps<'/setup/[token]'>) {
  const { token } = await params
  const link = await lookUpLink(getDeps(), token)
  if (link?.kind !== 'setup') return <LinkGone />
  if (link.email === SANDBOX_OPERATOR.email) {
    return (
      <EntryFrame title="Try the console">
        <p className="mb-4 text-pretty text-ink-soft">
          You will be signed in as the sandbox’s admin. GitHub and the surfaces are local stand-ins; nothing leaves this
          machine.
        </p>
        <SandboxStart token={token} />
      </EntryFrame>
    )
  }
  return (
    <EntryFrame title="Create the first admin">
      <p className="mb-4 text-pretty text-ink-soft">This account has every permission and can invite other people.</p>
      <JoinForm token={token} email={link.email} action="Create admin account" />
    </EntryFrame>
  )
}
