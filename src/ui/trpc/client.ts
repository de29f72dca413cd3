'use client'

import { createTRPCReact } from '@trpc/react-query'
import { useLayoutEffect } from 'react'
import { PERSON_HEADER } from '~/domain/account'
import type { AppRouter } from '~/server/trpc/routers/_app'

/** Typed hooks for every procedure. Only the router's type crosses into the browser. */
export const trpc = createTRPCReact<AppRouter>()

export type TrpcClient = ReturnType<typeof trpc.useUtils>['client']

let person: string | null = null

/** Records whose page this is. A layout effect runs before the page's first calls, which are effects. */
export function usePagePerson(email: string): void {
  useLayoutEffect(() => {
    person = email
  }, [email])
}

export const personHeader = (): Record<string, string> =>
  person === null ? {} : { [PERSON_HEADER]: encodeURIComponent(person) }
