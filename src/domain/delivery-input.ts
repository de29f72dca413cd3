import { z } from 'zod'
import { CHANNEL_KINDS } from '~/domain/delivery'
import { nameText, storableText } from '~/domain/input'

/** Input of `deliveries.addChannel`. */
export const addChannelInput = z.object({
  kind: z.enum(CHANNEL_KINDS),
  name: nameText.max(60),
  url: storableText
    .trim()
    .max(2_000)
    .refine(
      (value) => /^https?:\/\/[^\s\\@#]+$/i.test(value) && URL.canParse(value) && new URL(value).port !== '0',
      'must be an http(s) URL without a user name or a fragment; example: https://hooks.example.com/deploys',
    ),
})
export type AddChannelInput = z.output<typeof addChannelInput>
