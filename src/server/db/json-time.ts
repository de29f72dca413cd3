import 'server-only'
import { z } from 'zod'

/** A time within JSON, which comes as PostgreSQL writes it, with its offset. */
export const jsonTime = z.string().transform((text) => new Date(text))
