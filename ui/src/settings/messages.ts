import { messages } from '../i18n/message';

export const settingsMessages = messages({
  'settings.failed': { en: 'The settings could not be loaded', fr: 'Les réglages n’ont pas pu être chargés' },
  'settings.general': { en: 'General', fr: 'Général' },
  'settings.readOnly': { en: 'Only administrators can change these.', fr: 'Seuls les administrateurs peuvent les modifier.' },
  'settings.name': { en: 'Name', fr: 'Nom' },
  'settings.timeZone': { en: 'Time zone', fr: 'Fuseau horaire' },
  'settings.timeZone.text': {
    en: 'Decides where a day begins in every figure.',
    fr: 'Détermine où commence un jour dans tous les chiffres.',
  },
  'settings.currency': { en: 'Currency', fr: 'Devise' },
  'settings.currency.text': { en: 'Can be changed as long as there are no orders.', fr: 'Modifiable tant qu’il n’y a pas de commandes.' },
  'settings.currencyInUse': { en: 'There are orders in the present currency.', fr: 'Il existe des commandes dans la devise actuelle.' },
  'settings.saved': { en: 'Saved', fr: 'Enregistré' },
  'settings.writeKey': { en: 'Write key', fr: 'Clé d’écriture' },
  'settings.writeKey.text': {
    en: 'Websites and servers send events with it. It can only write, so it may stand in a web page.',
    fr: 'Les sites et les serveurs envoient des événements avec elle. Elle ne peut qu’écrire et peut donc figurer dans une page web.',
  },
  'settings.writeKey.copy': { en: 'Copy', fr: 'Copier' },
  'settings.writeKey.hidden': { en: 'Your role does not show it.', fr: 'Votre rôle ne permet pas de la voir.' },

  'workspaces.title': { en: 'Workspaces', fr: 'Espaces' },
  'workspaces.new': { en: 'New workspace', fr: 'Nouvel espace' },
  'workspaces.word': { en: 'Word', fr: 'Mot' },
  'workspaces.add': { en: 'Add', fr: 'Ajouter' },
  'workspaces.rename': { en: 'Rename', fr: 'Renommer' },
  'workspaces.close': { en: 'Close…', fr: 'Fermer…' },
  'workspaces.closing': { en: 'Close {name}', fr: 'Fermer {name}' },
  'workspaces.closing.action': { en: 'Close the workspace', fr: 'Fermer l’espace' },
  'workspaces.closing.keys': {
    en: 'Its keys open nothing: sites and programs that send events to it are refused.',
    fr: 'Ses clés n’ouvrent plus rien : sites et programmes qui lui envoient des événements sont refusés.',
  },
  'workspaces.closing.stays': {
    en: 'What was collected and sold in it: its customers are the organization’s.',
    fr: 'Ce qui y a été recueilli et vendu : ses clients sont ceux de l’organisation.',
  },
  'workspaces.closing.remark': {
    en: 'It can be reopened for 30 days; then its keys are deleted.',
    fr: 'Il peut être rouvert pendant 30 jours ; ensuite ses clés sont supprimées.',
  },
  'workspaces.reopen': { en: 'Reopen', fr: 'Rouvrir' },
  'workspaces.until': { en: 'Closed; can be reopened until {date}.', fr: 'Fermé ; peut être rouvert jusqu’au {date}.' },
  'workspaces.closed': { en: 'Closed on {date}.', fr: 'Fermé le {date}.' },

  'found.text': {
    en: 'Another organization, apart from this one in everything. You are its super administrator.',
    fr: 'Une autre organisation, séparée de celle-ci en tout. Vous en êtes le super-administrateur.',
  },
  'found.action': { en: 'Create', fr: 'Créer' },

  'give.title': { en: 'Hand over or close', fr: 'Céder ou fermer' },
  'give.text': {
    en: 'Whoever takes it over becomes super administrator; you become an administrator.',
    fr: 'Qui la reprend devient super-administrateur ; vous devenez administrateur.',
  },
  'give.to': { en: 'Hand over to', fr: 'Céder à' },
  'give.action': { en: 'Hand over', fr: 'Céder' },
  'give.done': { en: 'The organization was handed over.', fr: 'L’organisation a été cédée.' },
  'close.action': { en: 'Close the organization', fr: 'Fermer l’organisation' },
  'close.title': { en: 'Close {name}', fr: 'Fermer {name}' },
  'close.out': { en: 'Its pages open to nobody any more, at once.', fr: 'Ses pages ne s’ouvrent plus à personne, aussitôt.' },
  'close.keys': {
    en: 'Its keys open nothing: sites and programs that send events are refused.',
    fr: 'Ses clés n’ouvrent plus rien : sites et programmes sont refusés.',
  },
  'close.gone': {
    en: 'After 30 days it is deleted with all it holds, and the accounts of those who work nowhere else.',
    fr: 'Après 30 jours, elle est supprimée avec tout son contenu et les comptes de ceux qui ne travaillent nulle part ailleurs.',
  },
  'close.remark': { en: 'Until then a super administrator can reopen it.', fr: 'Jusque-là, un super-administrateur peut la rouvrir.' },
});
