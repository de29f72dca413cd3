import type { Metadata } from 'next'
import { requireMember } from '~/server/account/page-member'
import { SurfaceHistory } from '~/ui/history/surface-history'
import { SignedIn } from '~/ui/shell/member'

export async function generateMetadata({ params }: PageProps<'/surfaces/[id]'>): Promise<Metadata> {
  return { title: `${decodeURIComponent((await params).id)} · Deploy Console` }
}

export default async function Page({ params }: PageProps<'/surfaces/[id]'>) {
  const { id } = await params
  return (
    <SignedIn member={await requireMember(`/surfaces/${id}`)}>
      <SurfaceHistory surfaceId={decodeURIComponent(id)} />
    </SignedIn>
  )
}
