export default {
  title: 'Do not track',
} as const
