import { BlockList, isIP } from 'node:net'
import { z } from 'zod'

// What the environment says of the network in front of the console; a part of config.ts.

const TEXT = z.string().trim().optional()

/** `10.0.0.0/8`, `::1`, `192.0.2.7`: what `trustedAddresses` understands. */
function isAddressRange(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || more.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128))
}

export const addressRanges = TEXT.transform((value) => (value ?? '').split(',').map((range) => range.trim()))
  .transform((ranges) => ranges.filter((range) => range !== ''))
  .refine((ranges) => ranges.every(isAddressRange), 'is no list of addresses; example: 127.0.0.1,10.0.0.0/8')

/** Undefined for `off`. */
export const perMinute = (usual: number) =>
  TEXT.transform((value) => (value === undefined || value === '' ? String(usual) : value.toLowerCase()))
    .refine(
      (value) => value === 'off' || /^[1-9]\d{0,8}$/.test(value),
      `is neither a number nor off; example: ${usual}`,
    )
    .transform((value) => (value === 'off' ? undefined : Number(value)))

/** Addresses and ranges as a list that can be asked. */
export function trustedAddresses(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}
