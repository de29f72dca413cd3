import { describe, expect, it } from 'vitest'
import { jobTokenIssuer } from '~/server/github/run-tokens'

describe('the issuer of run tokens', () => {
  it.each([
    ['https://api.github.com', 'https://token.actions.githubusercontent.com'],
    ['https://api.octo.ghe.com', 'https://token.actions.octo.ghe.com'],
    ['https://github.example.com/api/v3', 'https://github.example.com/_services/token'],
    ['http://127.0.0.1:4010/api/v3', 'http://127.0.0.1:4010/_services/token'],
    ['https://api.octo.ghe.com.example.com/api/v3', 'https://api.octo.ghe.com.example.com/_services/token'],
  ])('for the API at %s is %s', (api, issuer) => {
    expect(jobTokenIssuer(api)).toBe(issuer)
  })
})
