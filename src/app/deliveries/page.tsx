import type { Metadata } from 'next'
import { signedInPage } from '~/server/account/signed-in-page'
import { DeliveriesPage } from '~/ui/deliveries/deliveries-page'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Deliveries · Deploy Console' }

export default async function Page() {
  return (
    <SignedIn member={await signedInPage('/deliveries', { permission: 'delivery.manage' })}>
      <DeliveriesPage />
    </SignedIn>
  )
}
