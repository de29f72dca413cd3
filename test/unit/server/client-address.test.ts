import { describe, expect, it } from 'vitest'
import { addressGroup, clientAddress } from '~/server/platform/http/guard'
import { trustedAddresses } from '~/server/platform/network-settings'

const proxies = trustedAddresses(['10.0.0.0/8', '127.0.0.1', '2001:db8:ffff::/48'])

describe('the address of a client', () => {
  it.each([
    ['the peer, without a proxy', '192.0.2.7', undefined, '192.0.2.7'],
    ['the peer, whatever a peer that is no proxy claims', '192.0.2.7', '198.51.100.1', '192.0.2.7'],
    ['what the proxy saw', '10.1.2.3', '198.51.100.1', '198.51.100.1'],
    [
      'what the proxy saw, not what the client wrote before it',
      '10.1.2.3',
      '203.0.113.9, 198.51.100.1',
      '198.51.100.1',
    ],
    ['what the first of several proxies saw', '10.1.2.3', '203.0.113.9, 198.51.100.1, 10.9.9.9', '198.51.100.1'],
    ['the proxy, when it says nothing', '10.1.2.3', undefined, '10.1.2.3'],
    ['the last proxy, when what follows is no address', '10.1.2.3', '203.0.113.9, unknown, 10.9.9.9', '10.9.9.9'],
    ['the left-most, when all are proxies', '10.1.2.3', '10.0.0.1, 10.0.0.2', '10.0.0.1'],
    ['without a port', '127.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
    ['without the brackets of IPv6', '127.0.0.1', '[2001:db8::1]:443', '2001:db8::1'],
    ['of IPv4, through a socket of both versions', '::ffff:127.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
    ['behind a proxy on IPv6', '2001:db8:ffff::5', '198.51.100.1', '198.51.100.1'],
  ])('is %s', (_, peer, forwardedFor, expected) => {
    expect(clientAddress(peer, forwardedFor, proxies)).toBe(expected)
  })

  it('is the peer for everybody when no proxy is trusted', () => {
    expect(clientAddress('127.0.0.1', '198.51.100.1', trustedAddresses([]))).toBe('127.0.0.1')
  })
})

describe('addresses that count as one', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['unknown', 'unknown'],
  ])('%s counts as %s', (address, group) => {
    expect(addressGroup(address)).toBe(group)
  })
})
