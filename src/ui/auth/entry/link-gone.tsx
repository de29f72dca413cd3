import { EntryFrame } from '~/ui/auth/entry/entry-frame'

/** One page for a link that was used, taken back, is too old, or never was: a stranger learns nothing from it. */
export function LinkGone() {
  return (
    <EntryFrame title="This link does not work">
      <p className="text-pretty text-ink-soft">
        Each link lets one person in, once, and for a limited time. Ask whoever gave it to you for another.
      </p>
      <p className="mt-3">
        <a href="/sign-in" className="text-accent underline underline-offset-2">
          Sign in
        </a>
      </p>
    </EntryFrame>
  )
}
