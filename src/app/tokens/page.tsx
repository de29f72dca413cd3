import type { Metadata } from 'next'
import { TokensPage } from '~/ui/tokens/tokens-page'

export const metadata: Metadata = { title: 'API tokens · Deploy Console' }

export default function Page() {
  return <TokensPage />
}
