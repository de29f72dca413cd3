import { inSentence } from '~/domain/foreign-text'
import type { SurfaceTile } from '~/domain/surface/tile'
import { OutcomeMark } from '~/ui/status/outcome-mark'
import { TimeAgo } from '~/ui/time/time-ago'

interface OutsideRunProps {
  readonly run: NonNullable<SurfaceTile['outsideRun']>
  readonly tab: 0 | -1
}

/** In the place of the last deploy: what was shipped without the console since. */
export function OutsideRun({ run, tab }: OutsideRunProps) {
  const by = run.environmentKnown ? `by ${inSentence(run.by)}` : `environment unknown, by ${inSentence(run.by)}`
  return (
    <>
      <dt className="text-ink-faint" title="Outside the console">
        Outside<span className="sr-only"> the console</span>
      </dt>
      <dd
        className="flex min-w-0 items-center gap-x-1.5 text-ink-soft"
        title={`Outside the console: run #${run.number} ${by}, ${run.state}`}
      >
        <OutcomeMark outcome={run.state} />
        <a
          href={run.url}
          target="_blank"
          rel="noreferrer"
          tabIndex={tab}
          className="relative shrink-0 text-ink underline decoration-control underline-offset-[3px] hover:decoration-current"
        >
          run #{run.number}
          <span className="sr-only"> {run.state}</span>
        </a>
        <span className="-ml-0.5 min-w-0 truncate">{by}</span>
        <span className="-ml-0.5 shrink-0">
          · <TimeAgo at={run.at} />
        </span>
      </dd>
    </>
  )
}
