import { may } from '~/domain/actor'
import type { MemberView } from '~/domain/member'

/** Every page of the navigation and the palette. `key`: the letter that leads to it after `g`. */
export const PAGES = [
  { href: '/', name: 'Surfaces', permission: 'surface.read', key: 's' },
  { href: '/lanes', name: 'Lanes', permission: 'surface.read', key: 'l' },
  { href: '/deploys', name: 'Deploys', permission: 'deploy.read', key: 'd' },
  { href: '/approvals', name: 'Approvals', permission: 'deploy.read', key: 'a' },
  { href: '/calendar', name: 'Calendar', permission: 'freeze.read', key: 'c' },
  { href: '/freezes', name: 'Freezes', permission: 'freeze.read', key: 'f' },
  { href: '/insights', name: 'Insights', permission: 'deploy.read', key: 'i' },
  { href: '/audit', name: 'Audit', permission: 'audit.read', key: 'u' },
  { href: '/flags', name: 'Flags', permission: 'flag.read', key: 'g' },
  { href: '/deliveries', name: 'Deliveries', permission: 'delivery.manage', key: 'v' },
  { href: '/people', name: 'People', permission: 'member.manage', key: 'p' },
  { href: '/health', name: 'Health', permission: 'health.read', key: 'h' },
  { href: '/settings', name: 'Settings', permission: 'health.read', key: 'e' },
] as const

export type Page = (typeof PAGES)[number]

/** The pages that the member may open. The server decides again. */
export const pagesFor = (member: MemberView | null): readonly Page[] =>
  PAGES.filter(({ permission }) => member === null || may({ role: member.role, permissions: null }, permission))
