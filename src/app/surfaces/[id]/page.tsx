import type { Metadata } from 'next'
import { SurfaceHistory } from '~/ui/history/surface-history'

interface PageProps {
  readonly params: Promise<{ readonly id: string }>
}

export async function generateMetadata({ params }: PageProps): Promise<Metadata> {
  return { title: `${decodeURIComponent((await params).id)} · Deploy Console` }
}

export default async function Page({ params }: PageProps) {
  return <SurfaceHistory surfaceId={decodeURIComponent((await params).id)} />
}
