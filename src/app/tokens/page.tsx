import type { Metadata } from 'next'
import { signedInPage } from '~/server/account/signed-in-page'
import { SignedIn } from '~/ui/shell/member'
import { TokensPage } from '~/ui/tokens/tokens-page'

export const metadata: Metadata = { title: 'API tokens · Deploy Console' }

export default async function Page() {
  return (
    <SignedIn member={await signedInPage('/tokens', { permission: 'token.manage' })}>
      <TokensPage />
    </SignedIn>
  )
}
