import type { DeploySource } from '~/domain/deploy/request'
import { armedWords } from '~/domain/deploy/watch'
import type { SurfaceTile } from '~/domain/surface/tile'
import { Notice } from '~/ui/primitives/notice'

interface ArmedNoticeProps {
  readonly surface: SurfaceTile
  readonly source: DeploySource | null
}

/** Says before a deploy what the console does if the surface turns unhealthy after it. From a rollback, it never rolls back by itself. */
export function ArmedNotice({ surface: { armed }, source }: ArmedNoticeProps) {
  if (armed === null) return null
  const mode = source?.kind === 'rollback' ? 'offer' : armed.mode
  return (
    <Notice tone="plain">
      <span className="font-medium">Armed:</span> {armedWords(mode, armed.minutes)}.
      {mode === 'auto' && ' Stop watching at any time on the deploy.'}
    </Notice>
  )
}
