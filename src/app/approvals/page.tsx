import type { Metadata } from 'next'
import { ApprovalsPage } from '~/ui/approvals/approvals-page'

export const metadata: Metadata = { title: 'Approvals · Deploy Console' }

export default function Page() {
  return <ApprovalsPage />
}
