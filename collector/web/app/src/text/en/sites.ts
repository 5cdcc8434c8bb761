export default {
  title: 'Sites',
} as const
