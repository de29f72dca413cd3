'use client'

import { ChangePassword } from '~/ui/account/change-password'
import { reachWords } from '~/ui/people/limits-fields'
import { useMember } from '~/ui/shell/member'
import { PageFrame } from '~/ui/shell/page-frame'

/** What the console knows of whoever looks, and how they sign in. */
export function AccountPage() {
  const member = useMember()
  if (member === null) return null
  const facts = [
    ['Name', member.name],
    ['E-mail address', member.email],
    ['Role', member.role],
    ['May change', reachWords(member.environments)],
  ] as const
  return (
    <PageFrame title="Account">
      <div className="grid items-start gap-6 sm:grid-cols-2">
        <dl className="rounded-md border border-line bg-panel text-sm">
          {facts.map(([term, fact]) => (
            <div key={term} className="flex gap-4 border-t border-line px-4 py-2.5 first:border-t-0">
              <dt className="w-28 shrink-0 text-ink-soft">{term}</dt>
              <dd className="min-w-0 break-words">{fact}</dd>
            </div>
          ))}
        </dl>
        <ChangePassword />
      </div>
    </PageFrame>
  )
}
