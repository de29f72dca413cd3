import type { Metadata } from 'next'
import { signedInPage } from '~/server/account/signed-in-page'
import { SurfaceHistory } from '~/ui/history/surface-history'
import { SignedIn } from '~/ui/shell/member'

export async function generateMetadata({ params }: PageProps<'/surfaces/[id]'>): Promise<Metadata> {
  return { title: `${decodeURIComponent((await params).id)} · Deploy Console` }
}

export default async function Page({ params }: PageProps<'/surfaces/[id]'>) {
  const { id } = await params
  return (
    <SignedIn member={await signedInPage(`/surfaces/${id}`)}>
      <SurfaceHistory surfaceId={decodeURIComponent(id)} />
    </SignedIn>
  )
}
