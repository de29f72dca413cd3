import type { Metadata } from 'next'
import { requireMember } from '~/server/account/page-member'
import { SignedIn } from '~/ui/shell/member'
import { SurfaceSetup } from '~/ui/surfaces/surface-setup'

export async function generateMetadata({ params }: PageProps<'/surfaces/[id]/setup'>): Promise<Metadata> {
  return { title: `Setup of ${decodeURIComponent((await params).id)} · Deploy Console` }
}

export default async function Page({ params }: PageProps<'/surfaces/[id]/setup'>) {
  const { id } = await params
  return (
    <SignedIn member={await requireMember(`/surfaces/${id}/setup`)}>
      <SurfaceSetup surfaceId={decodeURIComponent(id)} />
    </SignedIn>
  )
}
