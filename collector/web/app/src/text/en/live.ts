export default {
  title: 'Live',
} as const
