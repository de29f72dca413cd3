import 'server-only'
import { z } from 'zod'
import { id } from '~/domain/input'
import { authorize } from '~/server/auth/authorize'
import { pollVersion } from '~/server/deploys/get-deploy'
import { notModified } from '~/server/http/not-modified'
import { limitAccount } from '~/server/http/rate-limits'
import type { Context } from '~/server/trpc/context'

/** The input of `deploys.get` as it stands in the address. */
const wire = z.object({ json: z.object({ id }) })

/**
 * 304 to a `deploys.get` whose caller knows all there is; null for any other, which is the procedure's to answer. Most polls bring
 * nothing new, and this takes half as long (ADR 009). Who asks is checked as the procedure does. Throws `AppError`.
 */
export const unchangedPoll = ({ deps, actor, call }: Context, request: Request): Promise<Response | null> =>
  notModified(request, async () => {
    limitAccount(deps, authorize(actor, 'deploy.read'))
    call.counted = true
    const id = idOf(request)
    return id === null ? null : await pollVersion(deps, id)
  })

function idOf(request: Request): string | null {
  try {
    const input: unknown = JSON.parse(new URL(request.url).searchParams.get('input') ?? '')
    return wire.safeParse(input).data?.json.id ?? null
  } catch {
    return null
  }
}
