import 'server-only'
import { z } from 'zod'

/** Seconds since 1970, in an ID token that was verified (OpenID Connect Core, 2). */
const said = z.object({ auth_time: z.number().int().positive() })

const NEVER = new Date(0)

/**
 * When somebody last proved to an OpenID provider who they are. The console asks with `max_age` for that to be recent, which a
 * provider may ignore, so what it says is what counts (OpenID Connect Core, 3.1.3.7): one that says nothing proves nothing.
 */
export function provedAtProvider(profile: unknown, now: Date): Date {
  const { data } = said.safeParse(profile)
  if (data === undefined) return NEVER
  // Its clock may be ahead; nobody has proved anything later than now.
  return new Date(Math.min(data.auth_time * 1000, now.getTime()))
}
