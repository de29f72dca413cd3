import type { Metadata } from 'next'
import { requireMember } from '~/server/account/page-member'
import { DeliveriesPage } from '~/ui/deliveries/deliveries-page'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Deliveries · Deploy Console' }

export default async function Page() {
  return (
    <SignedIn member={await requireMember('/deliveries', { permission: 'delivery.manage' })}>
      <DeliveriesPage />
    </SignedIn>
  )
}
