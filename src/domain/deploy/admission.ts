import type { Refusal } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { refLabel } from '~/domain/ref'

/** Why the request itself is refused: the surface is archived, or the typed confirmation does not match. */
export function refuseDispatch({
  surface,
  confirmation,
}: {
  readonly surface: { readonly name: string; readonly confirm: string; readonly archived: boolean }
  readonly confirmation: string
}): Refusal | null {
  if (surface.archived) {
    const message = `${inSentence(surface.name)} is no longer declared in surfaces.yaml. Nothing was deployed. Declare the surface again.`
    return { code: 'surface_archived', message, details: {} }
  }
  if (confirmation !== surface.confirm) {
    const message = `Type "${inSentence(surface.confirm)}" exactly to deploy. Nothing was deployed.`
    return { code: 'confirmation_mismatch', message, details: {} }
  }
  return null
}

/** For the review only. At dispatch a partial unique index decides: a check in code could lose a race. */
export function refuseWhileDeploying(
  activeDeploy: { readonly requestedBy: string; readonly ref: string } | null,
): Refusal | null {
  if (activeDeploy === null) return null
  const message = `${inSentence(activeDeploy.requestedBy)} is deploying ${inSentence(refLabel(activeDeploy.ref))} right now. Wait until that deploy ends.`
  return { code: 'surface_busy', message, details: {} }
}
