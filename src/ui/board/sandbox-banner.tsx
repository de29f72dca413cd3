import { FlaskConical } from 'lucide-react'
import { ExternalLink } from '~/ui/primitives/external-link'

/** Nothing here reaches the outside, and whoever is looking must not have to guess that. */
export function SandboxBanner({ url }: { readonly url: string }) {
  return (
    <aside aria-label="Sandbox" className="border-b border-line bg-well">
      <p className="mx-auto flex max-w-[80rem] items-start gap-1.5 px-4 py-1.5 text-xs text-ink-soft sm:px-6">
        <FlaskConical aria-hidden="true" className="mt-0.5 size-3.5 shrink-0 text-ink-faint" />
        <span>
          <span className="font-medium text-ink">Sandbox.</span> GitHub and the surfaces are local stand-ins; the
          console listens on this machine only.{' '}
          <ExternalLink href={url} className="font-medium text-ink">
            Control page
          </ExternalLink>
        </span>
      </p>
    </aside>
  )
}
