'use client'

import { WebhookHearing } from '~/ui/health/webhook-hearing'
import { PageFrame } from '~/ui/shell/page-frame'

/** What admins look at to see how the console is with GitHub. */
export function HealthPage() {
  return (
    <PageFrame title="Health">
      <WebhookHearing />
    </PageFrame>
  )
}
