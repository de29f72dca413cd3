import type { Metadata } from 'next'
import { Suspense } from 'react'
import { requireMember } from '~/server/account/page-member'
import { DeployList } from '~/ui/deploys/deploy-list'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Deploys · Deploy Console' }

/** Suspense, because the filter is read from the address in the browser. */
export default async function Page({ searchParams }: PageProps<'/deploys'>) {
  return (
    <SignedIn member={await requireMember('/deploys', { search: await searchParams })}>
      <Suspense>
        <DeployList />
      </Suspense>
    </SignedIn>
  )
}
