import type { Actor } from '~/domain/actor'

/** An admin who may do everything unless `limits` says otherwise. The same name always gives the same person. */
export function actorNamed(name: string, limits: Partial<Omit<Actor, 'name'>> = {}): Actor {
  const userId = `00000000-0000-7000-8000-${Buffer.from(name.padEnd(6)).toString('hex').slice(0, 12)}`
  return {
    name,
    userId,
    role: 'admin',
    environments: null,
    permissions: null,
    surfaces: null,
    via: 'session',
    // Read at each use: a proof taken when the module loads could be minutes old by the time a test checks it.
    get provedAt() {
      return new Date()
    },
    ...limits,
  }
}

export const OPERATOR = actorNamed('operator')
