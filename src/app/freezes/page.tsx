import type { Metadata } from 'next'
import { FreezesPage } from '~/ui/freezes/freezes-page'

export const metadata: Metadata = { title: 'Freezes · Deploy Console' }

export default function Page() {
  return <FreezesPage />
}
