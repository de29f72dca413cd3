import Link from 'next/link'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { Notice } from '~/ui/primitives/notice'

/** Above the tiles, for those who can do something about it: that GitHub has stopped telling. Gone when a webhook is heard again. */
export function SilentWebhooks({ repositories: [first, ...more] }: { readonly repositories: readonly string[] }) {
  if (first === undefined) return null
  return (
    <section aria-label="Webhooks" className="mt-2">
      <Notice tone="plain" role="status">
        Webhooks of <ForeignText text={first} />
        {more.length > 0 && ` and ${more.length} more`} are silent: GitHub lists activity that none told of. The console
        asks GitHub instead, so changes are seen later. Look at the recent deliveries of the webhook on GitHub;{' '}
        <Link href="/health" className="underline underline-offset-2">
          Health
        </Link>{' '}
        says what was heard.
      </Notice>
    </section>
  )
}
