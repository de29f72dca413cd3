import type { Metadata } from 'next'
import { requireMember } from '~/server/account/page-member'
import { DeployPage } from '~/ui/deploy-page/deploy-page'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Deploy · Deploy Console' }

export default async function Page({ params }: PageProps<'/deploys/[id]'>) {
  const { id } = await params
  return (
    <SignedIn member={await requireMember(`/deploys/${id}`)}>
      <DeployPage deployId={decodeURIComponent(id)} />
    </SignedIn>
  )
}
