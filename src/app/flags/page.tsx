import type { Metadata } from 'next'
import { Flags } from '~/ui/flags/flags'

export const metadata: Metadata = { title: 'Flags · Deploy Console' }

export default function Page() {
  return <Flags />
}
