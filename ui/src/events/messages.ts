import { messages } from '../i18n/message';

export const eventMessages = messages({
  'events.newest': { en: 'Newest events', fr: 'Derniers événements' },
  'events.live': { en: 'Live', fr: 'En direct' },
  'events.paused': { en: 'Paused', fr: 'En pause' },
  'events.pause': { en: 'Stop renewing', fr: 'Arrêter l’actualisation' },
  'events.resume': { en: 'Renew every ten seconds', fr: 'Actualiser toutes les dix secondes' },
  'events.failed': { en: 'The newest events could not be loaded', fr: 'Les derniers événements n’ont pas pu être chargés' },
  'events.none': {
    en: 'Nothing has happened yet. Events appear here as soon as they are received.',
    fr: 'Rien ne s’est encore passé. Les événements apparaissent ici dès leur réception.',
  },
  'events.waiting': {
    en: { one: 'Show {count} new event', other: 'Show {count} new events' },
    fr: { one: 'Afficher {count} nouvel événement', other: 'Afficher {count} nouveaux événements' },
  },

  'event.order_completed': { en: 'Order completed', fr: 'Commande confirmée' },
  'event.order_placed': { en: 'Order placed', fr: 'Commande passée' },
  'event.product_removed': { en: 'Removed from cart', fr: 'Retrait du panier' },
  'event.products_searched': { en: 'Products searched', fr: 'Recherche de produits' },
  'event.newsletter_subscribed': { en: 'Subscribed to the newsletter', fr: 'Inscription à la lettre' },
  'event.order_refunded': { en: 'Refund', fr: 'Remboursement' },
  'event.order_adjusted': { en: 'Adjustment', fr: 'Ajustement' },
  'event.page_view': { en: 'Page viewed', fr: 'Page vue' },
  'event.session_started': { en: 'Visit started', fr: 'Visite commencée' },
  'event.product_viewed': { en: 'Product viewed', fr: 'Produit vu' },
  'event.product_added': { en: 'Added to cart', fr: 'Ajout au panier' },
  'event.checkout_started': { en: 'Checkout started', fr: 'Paiement commencé' },
  'event.signed_up': { en: 'Signed up', fr: 'Inscription' },
  'event.import_completed': { en: 'Import completed', fr: 'Import terminé' },
  'event.import_undone': { en: 'Import undone', fr: 'Import annulé' },

  'event.type': { en: 'Type', fr: 'Type' },
  'event.category': { en: 'Category', fr: 'Catégorie' },
  'event.occurred': { en: 'Happened', fr: 'Survenu' },
  'event.received': { en: 'Received', fr: 'Reçu' },
  'event.source': { en: 'Source', fr: 'Source' },
  'event.page': { en: 'Page', fr: 'Page' },
  'event.id': { en: 'Identifier', fr: 'Identifiant' },
  'event.properties': { en: 'Properties as JSON', fr: 'Propriétés en JSON' },
});
