export default {
  title: 'Set up Dayline',
} as const
