import { messages } from '../../i18n/message';

export const personMessages = messages({
  'customer.more': { en: 'More actions', fr: 'Autres actions' },

  'tracking.title': { en: 'Collection', fr: 'Collecte' },
  'tracking.allowed': { en: 'What this person does is collected', fr: 'Ce que fait cette personne est collecté' },
  'tracking.allowed.text': {
    en: 'If they object, no more events about them are kept. What was collected before stays, until they are erased.',
    fr: 'Si elle s’y oppose, aucun autre événement la concernant n’est conservé. Ce qui a été collecté avant reste, jusqu’à son effacement.',
  },
  'tracking.refused': { en: 'This person refuses collection', fr: 'Cette personne refuse la collecte' },
  'tracking.refused.text': {
    en: 'Events about them are dropped, or kept without anything that tells who it was, as the organization’s settings say.',
    fr: 'Les événements la concernant sont écartés, ou conservés sans rien qui dise de qui il s’agit, selon les réglages de l’organisation.',
  },
  'tracking.refuse': { en: 'Collect no more', fr: 'Ne plus collecter' },
  'tracking.allow': { en: 'Collect again', fr: 'Collecter à nouveau' },
  'tracking.done.refused': { en: 'Nothing more is collected about this person.', fr: 'Plus rien n’est collecté sur cette personne.' },
  'tracking.done.allowed': { en: 'What this person does is collected again.', fr: 'Ce que fait cette personne est à nouveau collecté.' },

  'merge.open': { en: 'Merge with…', fr: 'Fusionner avec…' },
  'merge.title': { en: 'Merge with {name}', fr: 'Fusionner avec {name}' },
  'merge.find.text': {
    en: 'Find the other profile that is the same person as {name}.',
    fr: 'Trouvez l’autre profil qui est la même personne que {name}.',
  },
  'merge.find.list': { en: 'Profiles found', fr: 'Profils trouvés' },
  'merge.find.more': { en: 'More match. Type more to narrow it down.', fr: 'D’autres correspondent. Précisez la recherche.' },
  'merge.found': {
    en: { one: '{count} profile found', other: '{count} profiles found' },
    fr: { one: '{count} profil trouvé', other: '{count} profils trouvés' },
  },
  'merge.nobody': { en: 'Nobody else matches the search.', fr: 'Personne d’autre ne correspond à la recherche.' },
  'merge.orders': {
    en: { one: '{count} order', other: '{count} orders' },
    fr: { one: '{count} commande', other: '{count} commandes' },
  },
  'merge.compare': { en: 'The two profiles', fr: 'Les deux profils' },
  'merge.stays': { en: 'Stays', fr: 'Reste' },
  'merge.goes': { en: 'Becomes part of it', fr: 'En devient une partie' },
  'merge.swap': { en: 'Let {name} stay instead', fr: 'Garder plutôt {name}' },
  'merge.takes': { en: '{name} takes over', fr: '{name} reprend' },
  'merge.takes.field': { en: '{field}: {value}', fr: '{field}\u00a0: {value}' },
  'merge.takes.tags': { en: 'Tags: {tags}', fr: 'Étiquettes\u00a0: {tags}' },
  'merge.takes.attributes': { en: 'Attributes: {names}', fr: 'Attributs\u00a0: {names}' },
  'merge.takes.earlier': {
    en: 'First seen: {date}, which is earlier, and with it where the person came from',
    fr: 'Vu la première fois\u00a0: {date}, qui est plus tôt, et avec cette date la provenance',
  },
  'merge.takes.orders': {
    en: {
      one: '{count} order, and the events, addresses, devices and balances there are',
      other: '{count} orders, and the events, addresses, devices and balances there are',
    },
    fr: {
      one: '{count} commande, et les événements, adresses, appareils et soldes s’il y en a',
      other: '{count} commandes, et les événements, adresses, appareils et soldes s’il y en a',
    },
  },
  'merge.takes.rest': {
    en: 'Whatever else is missing here and known there, such as a birth date or a postal code',
    fr: 'Tout ce qui manque ici et est connu là-bas, comme une date de naissance ou un code postal',
  },
  'merge.differs': {
    en: 'Where both have something, what {name} has counts: {fields}.',
    fr: 'Là où les deux ont une valeur, celle de {name} compte\u00a0: {fields}.',
  },
  'merge.afterwards': {
    en: 'The profile {merged} is no longer listed; its address leads to {survivor}. A merge can be undone later, under Details.',
    fr: 'Le profil {merged} ne figure plus dans la liste\u00a0; son adresse mène à {survivor}. Une fusion peut être annulée plus tard, sous Détails.',
  },
  'merge.reason': { en: 'Why they are the same person', fr: 'Pourquoi c’est la même personne' },
  'merge.reason.hint': { en: 'Optional. Kept with the merge.', fr: 'Facultatif. Conservé avec la fusion.' },
  'merge.back': { en: 'Choose another', fr: 'En choisir un autre' },
  'merge.action': { en: 'Merge', fr: 'Fusionner' },
  'merge.done': { en: '{merged} was merged into {survivor}.', fr: '{merged} a été fusionné avec {survivor}.' },
  'merge.undo': { en: 'Undo', fr: 'Annuler' },
  'merge.undone': {
    en: 'The merge was undone: {merged} is a profile of its own again.',
    fr: 'La fusion est annulée\u00a0: {merged} est de nouveau un profil à part.',
  },

  'merges.title': { en: 'Merged profiles', fr: 'Profils fusionnés' },
  'merges.failed': { en: 'The merged profiles could not be loaded', fr: 'Les profils fusionnés n’ont pas pu être chargés' },
  'merges.none': { en: 'No other profile has been merged into this one.', fr: 'Aucun autre profil n’a été fusionné avec celui-ci.' },
  'merges.by': { en: 'Merged by {name}', fr: 'Fusionné par {name}' },
  'merges.merged': { en: 'Merged', fr: 'Fusionné' },
  'merges.undone': { en: 'Undone', fr: 'Annulée' },
  'merges.noReason': { en: 'No reason given', fr: 'Sans motif' },
  'merges.waits': { en: 'Undo the later one first', fr: 'Annulez d’abord la suivante' },
  'merges.undo': { en: 'Undo the merge of {name}', fr: 'Annuler la fusion de {name}' },
  'merges.undo.title': { en: 'Undo the merge', fr: 'Annuler la fusion' },
  'merges.undo.text': {
    en: '{merged} becomes a profile of its own again, with the orders and details it brought.',
    fr: '{merged} redevient un profil à part, avec les commandes et les données apportées.',
  },
  'merges.undo.remark': {
    en: 'What somebody has changed since the merge stays as they changed it.',
    fr: 'Ce que quelqu’un a modifié depuis la fusion reste tel quel.',
  },
  'merges.undo.action': { en: 'Undo the merge', fr: 'Annuler la fusion' },

  'erase.open': { en: 'Erase…', fr: 'Effacer…' },
  'erase.title': { en: 'Erase {name}', fr: 'Effacer {name}' },
  'erase.goes.person': {
    en: 'Name, email, phone, birth date, address, tags, attributes and every identifier, {id} among them, are deleted',
    fr: 'Le nom, l’e-mail, le téléphone, la date de naissance, l’adresse, les étiquettes, les attributs et tous les identifiants, dont {id}, sont supprimés',
  },
  'erase.goes.account': {
    en: 'The account is deleted, with its sign-ins, devices and visits and its places in segments and cohorts',
    fr: 'Le compte est supprimé, avec ses connexions, ses appareils, ses visites et ses places dans les segments et les cohortes',
  },
  'erase.goes.documents': {
    en: 'Documents are deleted, and links to them end',
    fr: 'Les documents sont supprimés, et les liens vers eux cessent',
  },
  'erase.goes.events': {
    en: 'Events are emptied of all that tells who it was: pages, places, devices, properties',
    fr: 'Les événements sont vidés de tout ce qui dit de qui il s’agit\u00a0: pages, lieux, appareils, propriétés',
  },
  'erase.goes.merged': {
    en: 'The same happens to every profile merged into this one',
    fr: 'Il en va de même pour chaque profil fusionné avec celui-ci',
  },
  'erase.stays.orders': {
    en: { one: '{count} order with its amounts, under a pseudonym', other: '{count} orders with their amounts, under a pseudonym' },
    fr: {
      one: '{count} commande avec ses montants, sous un pseudonyme',
      other: '{count} commandes avec leurs montants, sous un pseudonyme',
    },
  },
  'erase.stays.noOrders': {
    en: 'Orders, of which there are none, would stay under a pseudonym',
    fr: 'Les commandes resteraient sous un pseudonyme\u00a0; il n’y en a pas',
  },
  'erase.stays.payments': {
    en: 'Payments and whatever else the books need, under the same pseudonym',
    fr: 'Les paiements et tout ce qu’exige la comptabilité, sous le même pseudonyme',
  },
  'erase.stays.events': {
    en: 'That something happened, when, and for how much',
    fr: 'Le fait que quelque chose a eu lieu, quand et pour combien',
  },
  'erase.stays.fingerprint': {
    en: 'A fingerprint of the identifiers and addresses, so that they are not taken in again unasked',
    fr: 'Une empreinte des identifiants et des adresses, pour qu’ils ne reviennent pas sans qu’on le demande',
  },
  'erase.remark': { en: 'This cannot be undone by anybody.', fr: 'Personne ne peut revenir en arrière.' },
  'erase.action': { en: 'Erase for good', fr: 'Effacer définitivement' },
  'erase.done': {
    en: 'The customer was erased. Orders and payments stay under a pseudonym.',
    fr: 'Le client a été effacé. Les commandes et les paiements restent sous un pseudonyme.',
  },
  'erase.erased.title': { en: 'This customer was erased', fr: 'Ce client a été effacé' },
  'erase.erased.text': {
    en: 'Everything personal is gone. What has to be kept stands here under a pseudonym.',
    fr: 'Tout ce qui est personnel a disparu. Ce qui doit être conservé figure ici sous un pseudonyme.',
  },
});
