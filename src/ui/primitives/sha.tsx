import { visible } from '~/domain/foreign-text'
import { shortSha } from '~/domain/ref'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { exactUtc } from '~/ui/time/relative-time'

interface ShaProps {
  readonly sha: string
  /** Shown instead of the first characters. */
  readonly tag?: string | null
  readonly url?: string | null
  readonly tabIndex?: 0 | -1
  /** When a surface was seen to run it. */
  readonly seenAt?: string
}

/** A commit's first seven characters or its tag, with the full SHA as title, linked to GitHub if it has a page. */
export function Sha({ sha, tag = null, url = null, tabIndex, seenAt }: ShaProps) {
  const short =
    tag === null ? (
      shortSha(sha)
    ) : (
      <span className="inline-block max-w-28 truncate align-bottom">
        <ForeignText text={tag} />
      </span>
    )
  const name = tag === null ? sha : `${visible(tag)}, ${sha}`
  const title = seenAt === undefined ? name : `${name}, seen running ${exactUtc(seenAt)}`
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
