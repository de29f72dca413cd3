'use client'

import { GitHubBudget } from '~/ui/health/github-budget'
import { WebhookHearing } from '~/ui/health/webhook-hearing'
import { PageFrame } from '~/ui/shell/page-frame'

/** What admins look at to see how the console is with GitHub. */
export function HealthPage() {
  return (
    <PageFrame title="Health">
      <div className="flex min-w-0 flex-col gap-8">
        <WebhookHearing />
        <GitHubBudget />
      </div>
    </PageFrame>
  )
}
