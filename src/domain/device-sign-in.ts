import { z } from 'zod'
import { environmentName, nameText, storableText } from '~/domain/input'
import type { Permission } from '~/domain/permissions'

// Signing in the command line of a machine through a browser, as RFC 8628 describes it.

/** No vowels, so that no word appears, and no letters that look alike (RFC 8628, 6.1). */
export const USER_CODE_LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'
export const USER_CODE_LENGTH = 8

/** `bcdf ghjk` is `BCDFGHJK`. */
export const userCode = storableText
  .max(40)
  .transform((text) => text.toUpperCase().replaceAll(/[\s-]/g, ''))
  .refine(
    (text) => text.length === USER_CODE_LENGTH && [...text].every((letter) => USER_CODE_LETTERS.includes(letter)),
    'expected the code in the terminal, such as BCDF-GHJK',
  )

export const shownUserCode = (code: string): string => `${code.slice(0, 4)}-${code.slice(4)}`

/** Body of `POST /api/device/code`. */
export const deviceCodeBody = z.strictObject({ machine: nameText })

/** Body of `POST /api/device/token`. */
export const deviceTokenBody = z.strictObject({ device_code: storableText.min(1).max(100) })

/** Input of `device.approve`. The environments in which the command line may change something. */
export const approveDeviceInput = z.object({
  code: userCode,
  environments: z
    .array(environmentName)
    .max(50)
    .transform((names) => [...new Set(names)]),
})
export type ApproveDeviceInput = z.output<typeof approveDeviceInput>

export const DEVICE_PURPOSES = ['sign_in', 'prove'] as const

/** What a person sees before approving. */
export interface DeviceRequestView {
  /** `sign_in`: the command line gets a token. `prove`: a token that it has gets a fresh proof. */
  readonly purpose: (typeof DEVICE_PURPOSES)[number]
  readonly machine: string
  /** The address from which the request came. */
  readonly address: string
  readonly requestedAt: string
  readonly expiresAt: string
  /** What the command line may do, all within the person's own rights. */
  readonly permissions: readonly Permission[]
  /** The person's environments. */
  readonly environments: readonly string[]
  readonly tokenDays: number
}
