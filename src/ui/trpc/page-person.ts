'use client'

import { useLayoutEffect } from 'react'
import { PERSON_HEADER } from '~/domain/account'

let person: string | null = null

/** Says whose page this is, before anything on it asks the server: its first calls are effects, which come later. */
export function usePagePerson(email: string): void {
  useLayoutEffect(() => {
    person = email
  }, [email])
}

export const personHeader = (): Record<string, string> =>
  person === null ? {} : { [PERSON_HEADER]: encodeURIComponent(person) }
