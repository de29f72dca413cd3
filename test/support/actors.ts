import type { Actor } from '~/domain/actor'

/** Somebody who may do everything, unless a test says otherwise. The same name is the same person. */
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
    // Just now, whenever that is: whoever loads this first may be done minutes before another test asks.
    get provedAt() {
      return new Date()
    },
    ...limits,
  }
}

export const OPERATOR = actorNamed('operator')
