import { messages } from '../../i18n/message';

export const documentMessages = messages({
  'customer.tab.files': { en: 'Documents', fr: 'Documents' },
  'documents.title': { en: 'Documents', fr: 'Documents' },
  'documents.failed': { en: 'The documents could not be loaded', fr: 'Les documents n’ont pas pu être chargés' },
  'documents.more': { en: 'Show more', fr: 'Afficher plus' },
  'documents.none.title': { en: 'No documents yet', fr: 'Pas encore de documents' },
  'documents.none.text': {
    en: 'Contracts, letters or identity papers of this customer are kept here, and go when the customer is erased.',
    fr: 'Les contrats, lettres ou pièces d’identité de ce client sont conservés ici, et disparaissent quand il est effacé.',
  },
  'documents.choose': { en: 'Add a document', fr: 'Ajouter un document' },
  'documents.accepts': {
    en: 'Pictures, PDF, Word, Excel, text, CSV or ZIP, up to {size}. Or drop one here.',
    fr: 'Images, PDF, Word, Excel, texte, CSV ou ZIP, jusqu’à {size}. Ou déposez-en un ici.',
  },
  'documents.tooLarge': {
    en: '{name} has {size}; the most is {most}. Make it smaller.',
    fr: '{name} fait {size} ; le maximum est {most}. Réduisez-le.',
  },
  'documents.sensitive': { en: 'Sensitive', fr: 'Sensible' },
  'documents.sensitive.what': {
    en: 'It is encrypted, only people with that permission open it, and each opening is recorded.',
    fr: 'Il est chiffré, seules les personnes autorisées l’ouvrent, et chaque ouverture est consignée.',
  },
  'documents.uploading': { en: 'Sending {name}', fr: 'Envoi de {name}' },
  'documents.sent': { en: '{sent} of {total}', fr: '{sent} sur {total}' },
  'documents.checking': { en: 'All sent; it is being checked.', fr: 'Tout est envoyé ; vérification en cours.' },
  'documents.stop': { en: 'Stop', fr: 'Arrêter' },
  'documents.leave': {
    en: 'The document is still being sent. Leave and stop it?',
    fr: 'Le document est encore en cours d’envoi. Quitter et l’arrêter ?',
  },
  'documents.added': { en: '{name} was added.', fr: '{name} a été ajouté.' },
  'documents.by': { en: 'by {name}', fr: 'par {name}' },
  'documents.open': { en: 'Open {name}', fr: 'Ouvrir {name}' },
  'documents.locked': {
    en: 'Opening it needs the permission for sensitive files',
    fr: 'L’ouvrir demande la permission sur les fichiers sensibles',
  },
  'documents.delete': { en: 'Delete {name}', fr: 'Supprimer {name}' },
  'documents.delete.title': { en: 'Delete this document?', fr: 'Supprimer ce document ?' },
  'documents.delete.text': {
    en: '{name} is deleted for good, and links to it stop working at once.',
    fr: '{name} est supprimé définitivement, et les liens vers lui cessent aussitôt de fonctionner.',
  },
  'documents.delete.action': { en: 'Delete', fr: 'Supprimer' },
  'documents.deleted': { en: '{name} was deleted.', fr: '{name} a été supprimé.' },
});
