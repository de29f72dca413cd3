import { config } from 'zod/v4/core'

// Runs before any other script of a page. zod tests whether it may use `eval`, which the content policy refuses and reports.
config({ jitless: true })
