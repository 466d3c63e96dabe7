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
});
