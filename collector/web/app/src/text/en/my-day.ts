export default {
  title: 'My day',
} as const
