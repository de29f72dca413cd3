import 'server-only'
import type { Deps } from '~/server/deps'

/** Where the stand-in for GitHub runs; null when the console talks to a GitHub. */
export function sandboxAddress(deps: Pick<Deps, 'config'>): { readonly url: string } | null {
  const { sandboxUrl } = deps.config
  return sandboxUrl === undefined ? null : { url: sandboxUrl }
}
