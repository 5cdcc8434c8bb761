export default {
  title: 'People',
} as const
