import type { Text } from './text'

/** Same is an area of the catalogue in another language: every key, no other. */
export type Same<English> = { [K in keyof English]: Text }
