interface ShaProps {
  readonly sha: string
  readonly url?: string | null
  readonly tabIndex?: 0 | -1
}

/** Seven characters of a commit, the whole of it on hover; linked where GitHub has a page for it. */
export function Sha({ sha, url = null, tabIndex }: ShaProps) {
  const short = sha.slice(0, 7)
  if (url === null) {
    return (
      <code title={sha} className="font-mono text-[0.8125rem]">
        {short}
      </code>
    )
  }
  return (
    <a
      href={url}
      target="_blank"
      rel="noreferrer"
      title={sha}
      tabIndex={tabIndex}
      className="font-mono text-[0.8125rem] text-ink underline decoration-control underline-offset-[3px] hover:decoration-current"
    >
      {short}
    </a>
  )
}
