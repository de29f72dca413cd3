// Plain JavaScript without packages, because each start of the server reads it: docs/adr/061.
import { existsSync } from 'node:fs'

/** @type {(phase: string) => import('next').NextConfig} */
const config = (phase) => ({
  // Our own server does (src/launch/serve.mjs).
  compress: false,
  poweredByHeader: false,
  reactStrictMode: true,
  // Loaded from node_modules. What is bundled is compiled and kept once for each of the routes that use it.
  serverExternalPackages: [
    '@octokit/auth-app',
    '@octokit/rest',
    'rrule-temporal',
    'temporal-polyfill',
    '@prisma/client',
    '@prisma/adapter-pg',
    'graphile-worker',
    'pg',
    'pino',
    'prom-client',
    '@opentelemetry/api',
    '@opentelemetry/exporter-trace-otlp-http',
    '@opentelemetry/resources',
    '@opentelemetry/sdk-trace-node',
  ],
  typedRoutes: true,
  // `npm test` and `npm run check` check all types; whoever builds what is there would wait for it once more.
  typescript: { ignoreBuildErrors: true },
  experimental: {
    // Fewer, larger files (ADR 055).
    turbopackChunking: { minChunkSize: 3_000_000, maxMergeChunkSize: 10_000_000 },
    // Nothing reads those of a build.
    turbopackSourceMaps: phase === 'phase-development-server',
    // A checkout that was built before is likely to be built again.
    turbopackFileSystemCacheForBuild: existsSync('.next/BUILD_ID'),
  },
})

export default config
