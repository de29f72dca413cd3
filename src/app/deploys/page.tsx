import type { Metadata } from 'next'
import { FirstView } from '~/app/first-view'
import { DEPLOY_FILTER_NAMES, savedFilter } from '~/domain/deploy/deploy-list'
import { readFilter } from '~/domain/filter-text'
import { asParams, requireMember } from '~/server/account/page-member'
import { DeployList } from '~/ui/deploys/deploy-list'
import { SignedIn } from '~/ui/shell/member'

export const metadata: Metadata = { title: 'Deploys · Deploy Console' }

export default async function Page({ searchParams }: PageProps<'/deploys'>) {
  const search = await searchParams
  const filter = savedFilter.safeParse(readFilter(DEPLOY_FILTER_NAMES, asParams(search))).data
  return (
    <SignedIn member={await requireMember('/deploys', { search })}>
      <FirstView
        reads={({ deploys, views }) => [
          ...(filter === undefined ? [] : [deploys.search.prefetchInfinite({ filter })]),
          deploys.facets.prefetch(),
          views.list.prefetch(),
        ]}
      >
        <DeployList />
      </FirstView>
    </SignedIn>
  )
}
