import { messages } from '../i18n/message';

export const sessionMessages = messages({
  'signIn.title': { en: 'Sign in', fr: 'Connexion' },
  'signIn.email': { en: 'Email address', fr: 'Adresse e-mail' },
  'signIn.password': { en: 'Password', fr: 'Mot de passe' },
  'signIn.showPassword': { en: 'Show what is typed', fr: 'Afficher la saisie' },
  'signIn.action': { en: 'Sign in', fr: 'Se connecter' },
  'signIn.invalid': {
    en: 'The email address or the password is not right. Check both and try again.',
    fr: 'L’adresse e-mail ou le mot de passe n’est pas correct. Vérifiez les deux et réessayez.',
  },
  'signIn.tooMany': {
    en: 'There were too many attempts. You can try again in {wait}.',
    fr: 'Il y a eu trop d’essais. Vous pourrez réessayer dans {wait}.',
  },

  'password.title': { en: 'Choose your password', fr: 'Choisissez votre mot de passe' },
  'password.why': {
    en: 'The password you were given was for the first time only.',
    fr: 'Le mot de passe reçu ne servait que pour la première fois.',
  },
  'password.current': { en: 'Password you were given', fr: 'Mot de passe reçu' },
  'password.new': { en: 'New password', fr: 'Nouveau mot de passe' },
  'password.rule': {
    en: 'At least {length} characters. A few words are easier to remember.',
    fr: 'Au moins {length} caractères. Quelques mots se retiennent mieux.',
  },
  'password.repeat': { en: 'New password again', fr: 'Nouveau mot de passe, encore une fois' },
  'password.tooShort': { en: 'It needs at least {length} characters.', fr: 'Il faut au moins {length} caractères.' },
  'password.different': { en: 'The two are not the same.', fr: 'Les deux ne sont pas identiques.' },
  'password.wrong': { en: 'This is not the password you were given.', fr: 'Ce n’est pas le mot de passe reçu.' },
  'password.action': { en: 'Save and go on', fr: 'Enregistrer et continuer' },

  'noOrganization.title': { en: 'No organization yet', fr: 'Pas encore d’organisation' },
  'noOrganization.text': {
    en: 'You have signed in, but belong to no organization. An administrator of yours can add you; then reload this page.',
    fr: 'Vous êtes connecté, mais n’appartenez à aucune organisation. Un administrateur peut vous ajouter\u00a0; rechargez ensuite cette page.',
  },
});
