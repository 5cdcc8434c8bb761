export default {
  title: 'Categories',
} as const
