import type { LockedPackage } from './locked-packages.ts'

/** Licences that only require their text to be kept, which an installation does. */
const PERMISSIVE: readonly string[] = [
  'MIT',
  'MIT-0',
  'MIT and ISC',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'Python-2.0',
  'Unlicense',
]

/** Packages with other licences that are allowed, each with the reason. */
const BY_NAME: readonly { readonly name: RegExp; readonly licence: string; readonly why: string }[] = [
  {
    name: /^@img\/sharp-/,
    licence: 'LGPL-3.0-or-later',
    why: 'libvips, a shared library that Next would resize pictures with; installed unchanged, and this console has none to resize',
  },
  { name: /^lightningcss(-|$)/, licence: 'MPL-2.0', why: 'compiles CSS in the build; installed unchanged' },
  { name: /^elkjs$/, licence: 'EPL-2.0', why: 'of a screen of Prisma’s own tools; installed unchanged, never loaded' },
  {
    name: /^caniuse-lite$/,
    licence: 'CC-BY-4.0',
    why: 'data on browsers for the build; the attribution is in the package',
  },
  { name: /^geist$/, licence: 'SIL OPEN FONT LICENSE', why: 'the typeface; may be bundled with software' },
  { name: /^seq-queue$/, licence: 'none declared', why: 'its LICENSE file is the MIT licence' },
]

/** The reason why a package may be used; null if nothing allows its licence. */
export function whyAllowed({
  name,
  license = 'none declared',
}: Pick<LockedPackage, 'name' | 'license'>): string | null {
  // "A AND B" requires both; "A OR B" requires one.
  const parts = license.replace(/^\((.*)\)$/, '$1').split(' AND ')
  const allowed = (part: string) => part.split(' OR ').some((one) => PERMISSIVE.includes(one))
  if (parts.every(allowed)) return 'permissive'
  const special = BY_NAME.find((entry) => entry.name.test(name))
  const covered = parts.every((part) => allowed(part) || part === special?.licence)
  return special !== undefined && covered ? special.why : null
}
