import { describe, expect, it } from 'vitest'
import { addressGroup, clientAddress } from '~/server/platform/http/guard'
import { trustedPeers } from '~/server/platform/network-settings'

const proxies = trustedPeers(['10.0.0.0/8', '127.0.0.1', '2001:db8:ffff::/48'])

describe('the address of a client', () => {
  it.each([
    ['is the address of the peer without a proxy', '192.0.2.7', undefined, '192.0.2.7'],
    ['is the address of the peer if the peer is not a trusted proxy', '192.0.2.7', '198.51.100.1', '192.0.2.7'],
    ['is the right-most untrusted address of X-Forwarded-For', '10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['is not an address that the client wrote before it', '10.1.2.3', '203.0.113.9, 198.51.100.1', '198.51.100.1'],
    [
      'is the right-most untrusted address behind several trusted proxies',
      '10.1.2.3',
      '203.0.113.9, 198.51.100.1, 10.9.9.9',
      '198.51.100.1',
    ],
    ['is the address of the proxy if the header is missing', '10.1.2.3', undefined, '10.1.2.3'],
    [
      'is the address of the last proxy if the value before it is not an address',
      '10.1.2.3',
      '203.0.113.9, unknown, 10.9.9.9',
      '10.9.9.9',
    ],
    ['is the left-most address if all are trusted proxies', '10.1.2.3', '10.0.0.1, 10.0.0.2', '10.0.0.1'],
    ['is read without its port', '127.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
    ['is read without the brackets of IPv6', '127.0.0.1', '[2001:db8::1]:443', '2001:db8::1'],
    [
      'is an IPv4 address even if the socket serves both versions',
      '::ffff:127.0.0.1',
      '::ffff:198.51.100.1',
      '198.51.100.1',
    ],
    ['is the address that a proxy on IPv6 forwards', '2001:db8:ffff::5', '198.51.100.1', '198.51.100.1'],
  ])('%s', (_, peer, forwardedFor, expected) => {
    expect(clientAddress(peer, forwardedFor, proxies)).toBe(expected)
  })

  it("is the peer's if no proxy is trusted", () => {
    expect(clientAddress('127.0.0.1', '198.51.100.1', trustedPeers([]))).toBe('127.0.0.1')
  })
})

describe('addresses that share a limit', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['unknown', 'unknown'],
  ])('count the address %s under the key %s', (address, group) => {
    expect(addressGroup(address)).toBe(group)
  })
})
