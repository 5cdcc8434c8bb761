export default {
  title: 'Storage',
} as const
