import 'server-only'
import type { Actor } from '~/domain/actor'

/** Until sign-in exists, whoever reaches the server (on this machine only) is the operator. */
export const LOCAL_OPERATOR: Actor = {
  name: 'operator',
  userId: '00000000-0000-7000-8000-000000000000',
  role: 'admin',
  environments: null,
  permissions: null,
  surfaces: null,
  via: 'session',
  get provedAt() {
    return new Date()
  },
}
