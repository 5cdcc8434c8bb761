export default {
  title: 'Categories',
  caption: 'Categories',
  category: 'Category',
  none: 'without a category',
  classes: 'Classes',
  total: 'Total',
  share: 'Share',
  people: 'People',
  active: 'With input',
  passive: 'No input',
  empty: 'Nothing to show for these days.',
} as const
