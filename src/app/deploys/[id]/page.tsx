import type { Metadata } from 'next'
import { FirstView } from '~/app/first-view'
import { requireMember } from '~/server/account/page-member'
import { DeployPage } from '~/ui/deploy-page/deploy-page'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Deploy · Deploy Console' }

export default async function Page({ params }: PageProps<'/deploys/[id]'>) {
  const { id } = await params
  const deployId = decodeURIComponent(id)
  return (
    <SignedIn member={await requireMember(`/deploys/${id}`)}>
      <FirstView reads={({ deploys, surfaces }) => [deploys.get.prefetch({ id: deployId }), surfaces.list.prefetch()]}>
        <DeployPage deployId={deployId} />
      </FirstView>
    </SignedIn>
  )
}
