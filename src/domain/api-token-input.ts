import { z } from 'zod'
import { changesSomething, TOKEN_DAYS_AT_MOST, TOKEN_PERMISSIONS } from '~/domain/api-token'
import { environmentName, storableText, surfaceId } from '~/domain/input'

const distinct = <Value>(values: readonly Value[]) => [...new Set(values)]

/** Input of `tokens.create`. */
export const createTokenInput = z
  .object({
    /** What deploys and audit rows show after `token:`. */
    label: storableText
      .trim()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$/, 'letters, digits, ".", "_" and "-", at most 60'),
    permissions: z.array(z.enum(TOKEN_PERMISSIONS)).min(1, 'choose what it may do').max(50).transform(distinct),
    /** Environments are listed by name, so a token reaches production only if somebody chose "production". */
    environments: z.array(environmentName).max(50).transform(distinct).default([]),
    /** Null: every surface of these environments. */
    surfaces: z.array(surfaceId).min(1, 'choose a surface').max(200).transform(distinct).nullable().default(null),
    expiresInDays: z.int().min(1).max(TOKEN_DAYS_AT_MOST),
  })
  .refine(({ permissions, environments }) => environments.length > 0 || !permissions.some(changesSomething), {
    path: ['environments'],
    message: 'name the environments it may change',
  })
export type CreateTokenInput = z.output<typeof createTokenInput>
