import type { Metadata } from 'next'
import { requireMember } from '~/server/account/page-member'
import { SignedIn } from '~/ui/shell/member'
import { TokensPage } from '~/ui/tokens/tokens-page'

export const metadata: Metadata = { title: 'API tokens · Deploy Console' }

export default async function Page() {
  return (
    <SignedIn member={await requireMember('/tokens', { permission: 'token.manage' })}>
      <TokensPage />
    </SignedIn>
  )
}
