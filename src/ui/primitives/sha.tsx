import { shortSha } from '~/domain/ref'
import { exactUtc } from '~/ui/time/relative-time'

interface ShaProps {
  readonly sha: string
  readonly url?: string | null
  readonly tabIndex?: 0 | -1
  /** When a surface was seen to run it. */
  readonly seenAt?: string
}

/** A commit's first seven characters, with the full SHA as its title, linked to GitHub if it has a page. */
export function Sha({ sha, url = null, tabIndex, seenAt }: ShaProps) {
  const short = shortSha(sha)
  const title = seenAt === undefined ? sha : `${sha}, seen running ${exactUtc(seenAt)}`
  if (url === null) {
    return (
      <code title={title} className="font-mono text-[0.8125rem]">
        {short}
      </code>
    )
  }
  return (
    <a
      href={url}
      target="_blank"
      rel="noreferrer"
      title={title}
      tabIndex={tabIndex}
      className="font-mono text-[0.8125rem] text-ink underline decoration-control underline-offset-[3px] hover:decoration-current"
    >
      {short}
    </a>
  )
}
