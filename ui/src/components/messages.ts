import { messages } from '../i18n/message';

export const componentMessages = messages({
  'action.apply': { en: 'Apply', fr: 'Appliquer' },
  'action.close': { en: 'Close', fr: 'Fermer' },
  'action.keep': { en: 'Leave as it is', fr: 'Ne rien changer' },
  'action.save': { en: 'Save changes', fr: 'Enregistrer' },
  'value.none': { en: 'none', fr: 'aucune valeur' },
  'copy.done': { en: 'Copied', fr: 'Copié' },

  'state.loading': { en: 'Loading', fr: 'Chargement' },
  'state.noPermission.title': { en: 'You may not do this', fr: 'Vous n’avez pas ce droit' },
  'state.noPermission.text': {
    en: 'Your role in this organization does not include it. An administrator of the organization can give you another role.',
    fr: 'Votre rôle dans cette organisation ne le comprend pas. Un administrateur de l’organisation peut vous en donner un autre.',
  },
  'state.notFound.title': { en: 'There is no such page', fr: 'Cette page n’existe pas' },
  'state.notFound.text': {
    en: 'The address may be mistyped, or what it led to has been removed.',
    fr: 'L’adresse est peut-être mal saisie, ou ce qu’elle désignait a été supprimé.',
  },
  'state.notFound.action': { en: 'Go to the overview', fr: 'Aller à la vue d’ensemble' },
  'state.error.page': { en: 'This page could not be opened', fr: 'Cette page n’a pas pu être ouverte' },
  'state.error.offline': {
    en: 'The server could not be reached. Check your connection, then try again.',
    fr: 'Le serveur est injoignable. Vérifiez votre connexion, puis réessayez.',
  },
  'state.error.missing': {
    en: 'It may have been removed, or the address is mistyped.',
    fr: 'L’élément a peut-être été supprimé, ou l’adresse est mal saisie.',
  },
  'state.error.server': {
    en: 'The server met a problem of its own. Try again in a moment; if it stays, pass the code below to whoever runs Clientele.',
    fr: 'Le serveur a rencontré un problème. Réessayez dans un instant\u00a0; si cela persiste, transmettez le code ci-dessous à la personne qui gère Clientele.',
  },
  'state.error.other': {
    en: 'Try again; if it stays, pass the code to whoever runs Clientele.',
    fr: 'Réessayez\u00a0; si cela persiste, transmettez le code à la personne qui gère Clientele.',
  },
  'state.error.quote': { en: 'Code to quote:', fr: 'Code à citer\u00a0:' },
  'state.error.copy': { en: 'Copy the code', fr: 'Copier le code' },
  'state.error.retry': { en: 'Try again', fr: 'Réessayer' },

  'danger.willHappen': { en: 'This will happen:', fr: 'Voici ce qui va se passer\u00a0:' },
  'danger.stays': { en: 'This stays:', fr: 'Ceci reste\u00a0:' },
  'danger.typeName': { en: 'Type {name} to go on', fr: 'Saisissez {name} pour continuer' },

  'notice.region': { en: 'What was just done', fr: 'Ce qui vient d’être fait' },

  'delta.up': { en: '{amount} higher', fr: '{amount} de plus' },
  'delta.down': { en: '{amount} lower', fr: '{amount} de moins' },
  'delta.same': { en: 'unchanged', fr: 'inchangé' },
  'delta.nothing': { en: 'nothing to compare', fr: 'rien à comparer' },
  'delta.points': { en: '{points} pts', fr: '{points} pts' },

  'chart.showTable': { en: 'Show as table', fr: 'Afficher en tableau' },
  'chart.showChart': { en: 'Show as chart', fr: 'Afficher en graphique' },
  'chart.export': { en: 'Download: {title}', fr: 'Télécharger\u00a0: {title}' },
  'chart.png': { en: 'Picture (PNG)', fr: 'Image (PNG)' },
  'chart.csv': { en: 'Numbers (CSV)', fr: 'Chiffres (CSV)' },
  'chart.failed': {
    en: 'The chart could not be loaded. The table shows the same numbers.',
    fr: 'Le graphique n’a pas pu être chargé. Le tableau montre les mêmes chiffres.',
  },

  'table.view': { en: 'View', fr: 'Affichage' },
  'table.columns': { en: 'Columns', fr: 'Colonnes' },
  'table.density': { en: 'Rows', fr: 'Lignes' },
  'table.comfortable': { en: 'Comfortable', fr: 'Aérées' },
  'table.compact': { en: 'Compact', fr: 'Serrées' },
  'table.reset': { en: 'Back to the usual columns', fr: 'Revenir aux colonnes d’origine' },
  'table.more': {
    en: { one: '{count} shown, load more', other: '{count} shown, load more' },
    fr: { one: '{count} affiché, en charger plus', other: '{count} affichés, en charger plus' },
  },
  'table.moreFailed': { en: 'The rest could not be loaded.', fr: 'La suite n’a pas pu être chargée.' },

  'country.label': { en: 'Country', fr: 'Pays' },
  'country.all': { en: 'All countries', fr: 'Tous les pays' },
  'country.none': { en: 'No such country', fr: 'Aucun pays de ce nom' },
  'country.clear': { en: 'All countries again', fr: 'Revenir à tous les pays' },

  'range.title': { en: 'Period', fr: 'Période' },
  'range.button': { en: 'Period: {range}', fr: 'Période\u00a0: {range}' },
  'range.presets': { en: 'Usual periods', fr: 'Périodes courantes' },
  'range.last7': { en: 'Last 7 days', fr: '7 derniers jours' },
  'range.last30': { en: 'Last 30 days', fr: '30 derniers jours' },
  'range.last90': { en: 'Last 90 days', fr: '90 derniers jours' },
  'range.last365': { en: 'Last 12 months', fr: '12 derniers mois' },
  'range.thisMonth': { en: 'This month', fr: 'Ce mois-ci' },
  'range.lastMonth': { en: 'Last month', fr: 'Le mois dernier' },
  'range.thisYear': { en: 'This year', fr: 'Cette année' },
  'range.lastYear': { en: 'Last year', fr: 'L’année dernière' },
  'range.all': { en: 'All data', fr: 'Toutes les données' },
  'range.zone': { en: 'Days are those of {zone}.', fr: 'Les jours sont ceux de {zone}.' },
  'range.anchor': {
    en: 'Periods count back from {day}, the day of the newest data.',
    fr: 'Les périodes sont comptées à partir du {day}, jour des dernières données.',
  },
  'range.previousMonth': { en: 'Previous month', fr: 'Mois précédent' },
  'range.nextMonth': { en: 'Next month', fr: 'Mois suivant' },
});
