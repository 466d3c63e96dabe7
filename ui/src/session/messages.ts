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

  'signIn.busy': {
    en: 'Too many people sign in at this moment. Try again in a few seconds.',
    fr: 'Trop de personnes se connectent en ce moment. Réessayez dans quelques secondes.',
  },
  'signIn.forgotten': { en: 'Forgotten your password?', fr: 'Mot de passe oublié ?' },
  'signIn.or': { en: 'or', fr: 'ou' },
  'signIn.by': { en: 'Sign in with {service}', fr: 'Se connecter avec {service}' },
  'signIn.refused': {
    en: 'Signing in by the other service did not work. Try again.',
    fr: 'La connexion par l’autre service a échoué. Réessayez.',
  },
  'signIn.refused.unknown': {
    en: 'There is no account with that address here. An administrator can invite you.',
    fr: 'Aucun compte n’a cette adresse ici. Un administrateur peut vous inviter.',
  },
  'signIn.refused.unverified': {
    en: 'The other service does not say that your address is confirmed. Confirm it there first.',
    fr: 'L’autre service ne dit pas que votre adresse est confirmée. Confirmez-la d’abord là-bas.',
  },

  'secondStep.title': { en: 'Second step', fr: 'Deuxième étape' },
  'secondStep.text': {
    en: 'Type the code your authenticator app shows now, or one of your recovery codes.',
    fr: 'Saisissez le code affiché par votre application d’authentification, ou l’un de vos codes de secours.',
  },
  'secondStep.code': { en: 'Code', fr: 'Code' },
  'secondStep.wrong': {
    en: 'This code is not right. Take the newest one, or a recovery code you have not used.',
    fr: 'Ce code n’est pas correct. Prenez le plus récent, ou un code de secours non utilisé.',
  },
  'secondStep.over': {
    en: 'This took too long. Go back and sign in again.',
    fr: 'Cela a pris trop de temps. Revenez en arrière et reconnectez-vous.',
  },
  'secondStep.back': { en: 'Back', fr: 'Retour' },

  'forgotten.title': { en: 'Forgotten password', fr: 'Mot de passe oublié' },
  'forgotten.text': {
    en: 'Type the address you sign in with. A link to choose a new password goes there.',
    fr: 'Saisissez l’adresse avec laquelle vous vous connectez. Un lien pour choisir un nouveau mot de passe y est envoyé.',
  },
  'forgotten.action': { en: 'Send the link', fr: 'Envoyer le lien' },
  'forgotten.sent': {
    en: 'If somebody here has the address {email}, a link is on its way. It works once, for an hour.',
    fr: 'Si quelqu’un ici a l’adresse {email}, un lien est en route. Il sert une fois, pendant une heure.',
  },
  'forgotten.back': { en: 'Back to sign-in', fr: 'Retour à la connexion' },

  'reset.title': { en: 'Choose a new password', fr: 'Choisir un nouveau mot de passe' },
  'reset.action': { en: 'Save', fr: 'Enregistrer' },
  'reset.done': {
    en: 'Your password is changed, and every session has ended. Sign in with the new one.',
    fr: 'Votre mot de passe est changé et toutes les sessions ont pris fin. Connectez-vous avec le nouveau.',
  },
  'reset.again': { en: 'Ask for another link', fr: 'Demander un autre lien' },

  'verify.title': { en: 'Confirm your address', fr: 'Confirmer votre adresse' },
  'verify.action': { en: 'It is mine', fr: 'C’est la mienne' },
  'verify.done': { en: 'Your address is confirmed.', fr: 'Votre adresse est confirmée.' },
  'verify.on': { en: 'Go on', fr: 'Continuer' },

  'invitation.plain': { en: 'Invitation', fr: 'Invitation' },
  'invitation.title': { en: 'Invitation to {organization}', fr: 'Invitation à {organization}' },
  'invitation.by': { en: '{inviter} invites {email}.', fr: '{inviter} invite {email}.' },
  'invitation.for': { en: 'For {email}.', fr: 'Pour {email}.' },
  'invitation.name': { en: 'Your name', fr: 'Votre nom' },
  'invitation.accept': { en: 'Accept', fr: 'Accepter' },
  'invitation.failed': { en: 'This invitation does not open', fr: 'Cette invitation ne s’ouvre pas' },
  'invitation.signIn': {
    en: 'There is an account for {email} already. Sign in with it; then you come back here.',
    fr: 'Il existe déjà un compte pour {email}. Connectez-vous avec celui-ci, puis vous reviendrez ici.',
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
