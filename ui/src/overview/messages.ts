import { messages } from '../i18n/message';

export const overviewMessages = messages({
  'metric.revenue': { en: 'Revenue', fr: 'Chiffre d’affaires' },
  'metric.orders': { en: 'Orders', fr: 'Commandes' },
  'metric.customers': { en: 'Customers', fr: 'Clients' },
  'metric.averageOrderValue': { en: 'Average order', fr: 'Panier moyen' },
  'metric.repeatRate': { en: 'Repeat rate', fr: 'Taux de réachat' },

  'interval.label': { en: 'Interval', fr: 'Intervalle' },
  'interval.hour': { en: 'Hours', fr: 'Heures' },
  'interval.day': { en: 'Days', fr: 'Jours' },
  'interval.week': { en: 'Weeks', fr: 'Semaines' },
  'interval.month': { en: 'Months', fr: 'Mois' },

  'overview.failed': { en: 'The overview could not be loaded', fr: 'La vue d’ensemble n’a pas pu être chargée' },
  'overview.filters': { en: 'Filters', fr: 'Filtres' },
  'overview.figures': { en: 'Figures: pick one to see it over time', fr: 'Chiffres\u00a0: choisissez-en un pour le voir dans le temps' },
  'overview.compare': { en: 'Compare', fr: 'Comparer' },
  'overview.comparedWith': { en: 'Compared with {range}', fr: 'Comparé à\u00a0: {range}' },
  'overview.announce': {
    en: '{range}: revenue {revenue}, orders {orders}',
    fr: '{range}\u00a0: chiffre d’affaires {revenue}, commandes {orders}',
  },
  'overview.refunds': { en: 'Refunds', fr: 'Remboursements' },
  'overview.refundCount': {
    en: { one: '{count} refund', other: '{count} refunds' },
    fr: { one: '{count} remboursement', other: '{count} remboursements' },
  },
  'overview.adjustments': { en: 'Adjustments', fr: 'Ajustements' },
  'overview.adjustmentCount': {
    en: { one: '{count} adjustment', other: '{count} adjustments' },
    fr: { one: '{count} ajustement', other: '{count} ajustements' },
  },

  'overview.overTime': { en: '{name} over time', fr: '{name} dans le temps' },
  'overview.thisPeriod': { en: 'This period', fr: 'Cette période' },
  'overview.previousPeriod': { en: 'Previous period', fr: 'Période précédente' },
  'overview.previousOf': { en: '{name}, previous period', fr: '{name}, période précédente' },
  'overview.period': { en: 'Period', fr: 'Période' },
  'overview.complete': { en: 'Completeness', fr: 'Complétude' },
  'overview.whole': { en: 'Complete', fr: 'Complète' },
  'overview.partial': { en: 'Not complete yet', fr: 'Pas encore complète' },
  'overview.tooltip.share': { en: '{share} of the total', fr: '{share} du total' },
  'overview.tooltip.previous': { en: '{when}: {value}', fr: '{when}\u00a0: {value}' },
  'overview.chart.description': {
    en: 'Line chart of {name}, {range}. Highest: {highest} ({highestWhen}). Lowest: {lowest} ({lowestWhen}). The table view has every value.',
    fr: 'Courbe\u00a0: {name}, {range}. Maximum\u00a0: {highest} ({highestWhen}). Minimum\u00a0: {lowest} ({lowestWhen}). Le tableau donne toutes les valeurs.',
  },
  'overview.chart.nothing': { en: 'Line chart of {name}, {range}: no values.', fr: 'Courbe\u00a0: {name}, {range}, aucune valeur.' },

  'overview.byCountry': { en: 'Revenue by country', fr: 'Chiffre d’affaires par pays' },
  'overview.otherCountries': { en: 'All others', fr: 'Tous les autres' },
  'overview.share': { en: 'Share', fr: 'Part' },
  'overview.products': { en: 'Top products', fr: 'Meilleurs produits' },
  'overview.nothingInRange': { en: 'There is nothing in this period.', fr: 'Il n’y a rien dans cette période.' },
  'product.name': { en: 'Product', fr: 'Produit' },
  'product.quantity': { en: 'Quantity', fr: 'Quantité' },
  'product.unitPrice': { en: 'Unit price', fr: 'Prix unitaire' },

  'overview.empty.title': { en: 'No orders yet', fr: 'Pas encore de commandes' },
  'overview.empty.text': {
    en: 'Here you will see revenue, orders and customers over time. Import a file of orders to begin; your own or a published sample will do.',
    fr: 'Vous verrez ici le chiffre d’affaires, les commandes et les clients dans le temps. Importez un fichier de commandes pour commencer\u00a0; le vôtre ou un exemple public.',
  },
  'overview.empty.ask': {
    en: 'Here you will see revenue, orders and customers over time. Someone who may import files has to bring in the first orders.',
    fr: 'Vous verrez ici le chiffre d’affaires, les commandes et les clients dans le temps. Une personne autorisée à importer doit apporter les premières commandes.',
  },
});
