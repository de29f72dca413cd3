import { Lock, Snowflake } from 'lucide-react'
import type { FreezeInForce } from '~/domain/freeze'

/** A shape for each kind: neither rests on its colour. */
export function FreezeMark({
  kind,
  className = 'text-warn',
}: {
  readonly kind: FreezeInForce['kind']
  readonly className?: string
}) {
  const Icon = kind === 'locked' ? Lock : Snowflake
  return <Icon aria-hidden="true" className={`size-3.5 shrink-0 ${className}`} />
}
