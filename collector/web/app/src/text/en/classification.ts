export default {
  title: 'Classification',
} as const
