export default {
  seconds: '{n} s',
  minutes: '{n} min',
  hours: '{h} h {m} min',
} as const
