import type { Metadata } from 'next'
import { FirstView } from '~/app/first-view'
import { requireMember } from '~/server/account/page-member'
import { SurfaceHistory } from '~/ui/history/surface-history'
import { SignedIn } from '~/ui/shell/member'

export async function generateMetadata({ params }: PageProps<'/surfaces/[id]'>): Promise<Metadata> {
  return { title: `${decodeURIComponent((await params).id)} · Deploy Console` }
}

export default async function Page({ params }: PageProps<'/surfaces/[id]'>) {
  const { id } = await params
  const surfaceId = decodeURIComponent(id)
  return (
    <SignedIn member={await requireMember(`/surfaces/${id}`)}>
      <FirstView
        reads={({ deploys, embeds, queue }) => [
          deploys.list.prefetchInfinite({ surfaceId }),
          queue.mine.prefetch({ surfaceId }),
          embeds.list.prefetch({ surfaceId }),
        ]}
      >
        <SurfaceHistory surfaceId={surfaceId} />
      </FirstView>
    </SignedIn>
  )
}
