import { messages } from '../../i18n/message';

/** What the server's checks are called, what they found and with which figures; words.ts says which word is for what. */
export const findingMessages = messages({
  'health.service.platform': { en: 'Platform', fr: 'Plateforme' },
  'health.service.log': { en: 'Log', fr: 'Journal' },
  'health.service.node': { en: 'Server', fr: 'Serveur' },
  'health.service.analytics': { en: 'Analytics', fr: 'Analyse' },

  'health.check.database': { en: 'Database', fr: 'Base de données' },
  'health.check.databaseRoom': { en: 'Room in the database', fr: 'Marge de la base de données' },
  'health.check.files': { en: 'Files', fr: 'Fichiers' },
  'health.check.jobs': { en: 'Jobs', fr: 'Tâches' },
  'health.check.mailServer': { en: 'Mail server', fr: 'Serveur de courriel' },
  'health.check.signInService': { en: 'Sign-in service', fr: 'Service de connexion' },
  'health.check.backups': { en: 'Backups', fr: 'Sauvegardes' },
  'health.check.watermark': { en: 'Watermark', fr: 'Limite de lecture' },
  'health.check.disk': { en: 'Disk', fr: 'Disque' },
  'health.check.postgresql': { en: 'PostgreSQL', fr: 'PostgreSQL' },
  'health.check.archive': { en: 'Archive', fr: 'Archive' },
  'health.check.timelines': { en: 'Timelines', fr: 'Chronologies' },
  'health.check.of': { en: '{service}: {check}', fr: '{service}\u00a0: {check}' },
  'health.check.consumer': { en: 'Consumer {name}', fr: 'Consommateur {name}' },

  'health.fault.database_slow': {
    en: 'One row took {tookSeconds} to write. See what runs and what waits under Database.',
    fr: 'Écrire une ligne a pris {tookSeconds}. Voyez sous Base de données ce qui tourne et ce qui attend.',
  },
  'health.fault.database_away': { en: 'The database did not answer.', fr: 'La base de données n’a pas répondu.' },
  'health.fault.transactions_old': {
    en: '{transactionAge} transactions since the oldest row was frozen; at 2.1 billion the database stops taking writes. Find what keeps vacuum from it: old transactions, prepared ones, replication slots.',
    fr: '{transactionAge} transactions depuis le gel de la plus ancienne ligne\u00a0; à 2,1 milliards, la base n’accepte plus d’écritures. Cherchez ce qui empêche vacuum d’agir\u00a0: vieilles transactions, transactions préparées, emplacements de réplication.',
  },
  'health.fault.connections_busy': {
    en: '{connections} of {mostConnections} connections are in use. A server takes 60 at most: raise max_connections.',
    fr: '{connections} connexions sur {mostConnections} sont prises. Un serveur en prend 60 au plus\u00a0: augmentez max_connections.',
  },
  'health.fault.files_away': {
    en: 'The store of files does not answer: {reason} Files can be neither added nor opened until it does.',
    fr: 'Le stockage des fichiers ne répond pas\u00a0: {reason} D’ici là, aucun fichier ne peut être ajouté ni ouvert.',
  },
  'health.fault.jobs_late': {
    en: {
      one: '{count} job is due and not taken up, for {oldestSeconds}. Is a server running, and has it a worker free?',
      other: '{count} jobs are due and not taken up, the oldest for {oldestSeconds}. Is a server running, and has it a worker free?',
    },
    fr: {
      one: '{count} tâche attend d’être prise en charge depuis {oldestSeconds}. Un serveur tourne-t-il, et a-t-il de quoi la traiter\u00a0?',
      other:
        '{count} tâches attendent d’être prises en charge, la plus ancienne depuis {oldestSeconds}. Un serveur tourne-t-il, et a-t-il de quoi les traiter\u00a0?',
    },
  },
  'health.fault.mail_away': {
    en: '{server} cannot be reached ({error}). Check CLIENTELE_SMTP and the network.',
    fr: '{server} est injoignable ({error}). Vérifiez CLIENTELE_SMTP et le réseau.',
  },
  'health.fault.mail_no_greeting': {
    en: '{server} does not greet as a mail server does. Is the port right?',
    fr: '{server} ne se présente pas comme un serveur de courriel. Le port est-il le bon\u00a0?',
  },
  'health.fault.sign_in_away': {
    en: '{server} of {service} cannot be reached ({error}). Who signs in by it waits outside; passwords work. Check CLIENTELE_OAUTH_TOKEN_URL and the network.',
    fr: '{server} de {service} est injoignable ({error}). Ceux qui se connectent par ce service restent dehors\u00a0; les mots de passe fonctionnent. Vérifiez CLIENTELE_OAUTH_TOKEN_URL et le réseau.',
  },
  'health.fault.backup_trial_failed': {
    en: 'The last backup that was restored on trial could not be. The page Backups says why; make another one now.',
    fr: 'La dernière sauvegarde restaurée à l’essai n’a pas pu l’être. La page Sauvegardes dit pourquoi\u00a0; faites-en une autre maintenant.',
  },
  'health.fault.backup_failed': {
    en: 'The last backup failed. The page Backups says why.',
    fr: 'La dernière sauvegarde a échoué. La page Sauvegardes dit pourquoi.',
  },
  'health.fault.backup_missing': {
    en: 'There is no backup yet. Is a server running at the time they are made?',
    fr: 'Il n’y a pas encore de sauvegarde. Un serveur tourne-t-il à l’heure où elles sont faites\u00a0?',
  },
  'health.fault.backup_old': {
    en: 'The newest backup is {newestHours} old. Is a server running at the time they are made?',
    fr: 'La sauvegarde la plus récente a {newestHours}. Un serveur tourne-t-il à l’heure où elles sont faites\u00a0?',
  },
  'health.fault.backup_files_lost': {
    en: {
      one: 'The newest backup is without {count} stored file whose bytes are lost. The page Backups says which: put the bytes back from elsewhere, or delete what lost them.',
      other:
        'The newest backup is without {count} stored files whose bytes are lost. The page Backups says which: put the bytes back from elsewhere, or delete what lost them.',
    },
    fr: {
      one: 'Il manque à la sauvegarde la plus récente {count} fichier dont le contenu est perdu. La page Sauvegardes dit lequel\u00a0: remettez le contenu depuis une autre source, ou supprimez ce fichier.',
      other:
        'Il manque à la sauvegarde la plus récente {count} fichiers dont le contenu est perdu. La page Sauvegardes dit lesquels\u00a0: remettez le contenu depuis une autre source, ou supprimez ces fichiers.',
    },
  },
  'health.fault.archive_at_fault': {
    en: 'The archive needs looking after: {reason}',
    fr: 'L’archive demande qu’on s’en occupe\u00a0: {reason}',
  },
  'health.fault.watermark_held': {
    en: 'Held for {heldSeconds} by process {process} ({application}, {state}, since {startedAt}). End it with select pg_terminate_backend({process}). Until then no consumer of the log goes on.',
    fr: 'Retenue depuis {heldSeconds} par le processus {process} ({application}, {state}, depuis le {startedAt}). Mettez-y fin avec select pg_terminate_backend({process}). D’ici là, aucun consommateur du journal n’avance.',
  },
  'health.fault.watermark_held_unseen': {
    en: 'Held for {heldSeconds} by a transaction this login may not see. Look in pg_stat_activity and pg_prepared_xacts as an administrator. Until then no consumer of the log goes on.',
    fr: 'Retenue depuis {heldSeconds} par une transaction que ce compte ne peut pas voir. Consultez pg_stat_activity et pg_prepared_xacts comme administrateur. D’ici là, aucun consommateur du journal n’avance.',
  },
  'health.fault.consumer_not_begun': { en: 'It has not begun yet.', fr: 'Il n’a pas encore commencé.' },
  'health.fault.consumer_failed': { en: 'It failed and tries again: {reason}', fr: 'Il a échoué et recommence\u00a0: {reason}' },
  'health.fault.consumer_behind': {
    en: { one: '{count} event, {lagSeconds} behind.', other: '{count} events, {lagSeconds} behind.' },
    fr: { one: '{count} événement et {lagSeconds} de retard.', other: '{count} événements et {lagSeconds} de retard.' },
  },
  'health.fault.postgres_died': {
    en: {
      one: 'PostgreSQL died {count} time since this server started, last on {lastAt}, and was started again. See why in logs/postgres of the data folder; when nothing stands there, the machine may have run out of memory.',
      other:
        'PostgreSQL died {count} times since this server started, last on {lastAt}, and was started again. See why in logs/postgres of the data folder; when nothing stands there, the machine may have run out of memory.',
    },
    fr: {
      one: 'PostgreSQL s’est arrêté brutalement {count} fois depuis le démarrage de ce serveur, le {lastAt}, et a été relancé. La raison se trouve dans logs/postgres du dossier des données\u00a0; si rien n’y figure, la machine a peut-être manqué de mémoire.',
      other:
        'PostgreSQL s’est arrêté brutalement {count} fois depuis le démarrage de ce serveur, la dernière fois le {lastAt}, et a été relancé. La raison se trouve dans logs/postgres du dossier des données\u00a0; si rien n’y figure, la machine a peut-être manqué de mémoire.',
    },
  },
  'health.fault.disk_low': {
    en: '{freeBytes} of {totalBytes} are free. Make room, or move the data folder to a larger disk.',
    fr: '{freeBytes} libres sur {totalBytes}. Libérez de la place, ou déplacez le dossier des données vers un disque plus grand.',
  },
  'health.fault.disk_full': {
    en: '{freeBytes} of {totalBytes} are free. A full disk stops the database: make room now.',
    fr: '{freeBytes} libres sur {totalBytes}. Un disque plein arrête la base de données\u00a0: libérez de la place maintenant.',
  },
  'health.fault.timelines_failed': {
    en: 'The timelines do not follow the log: {reason}',
    fr: 'Les chronologies ne suivent pas le journal\u00a0: {reason}',
  },
  'health.fault.timelines_building': {
    en: 'The timelines are being built: {builtShare} is done. Until then questions are answered in SQL.',
    fr: 'Les chronologies sont en construction\u00a0: {builtShare} est fait. D’ici là, les réponses sont calculées en SQL.',
  },
  'health.fault.timelines_behind': {
    en: 'The timelines are {lagSeconds} behind the log.',
    fr: 'Les chronologies ont {lagSeconds} de retard sur le journal.',
  },
  'health.fault.timelines_waiting': {
    en: 'The timelines wait for the database or for their folder.',
    fr: 'Les chronologies attendent la base de données ou leur dossier.',
  },
  'health.fault.check_not_back': { en: 'The look before has not come back yet.', fr: 'Le contrôle précédent n’est pas encore revenu.' },
  'health.fault.check_late': { en: 'No answer within {limitSeconds}.', fr: 'Pas de réponse en {limitSeconds}.' },
  'health.fault.check_broke': { en: 'The check broke: {reason}', fr: 'Le contrôle a échoué\u00a0: {reason}' },

  'health.figure.tookSeconds': { en: 'Took', fr: 'Durée' },
  'health.figure.limitSeconds': { en: 'At most', fr: 'Au plus' },
  'health.figure.connections': { en: 'Connections', fr: 'Connexions' },
  'health.figure.mostConnections': { en: 'Connections at most', fr: 'Connexions au plus' },
  'health.figure.transactionAge': { en: 'Transactions not frozen', fr: 'Transactions non gelées' },
  'health.figure.running': { en: 'Running', fr: 'En cours' },
  'health.figure.late': { en: 'Due and not taken up', fr: 'En attente de prise en charge' },
  'health.figure.oldestSeconds': { en: 'The oldest waits for', fr: 'La plus ancienne attend depuis' },
  'health.figure.server': { en: 'Address', fr: 'Adresse' },
  'health.figure.service': { en: 'Service', fr: 'Service' },
  'health.figure.error': { en: 'Error', fr: 'Erreur' },
  'health.figure.daily': { en: 'Made daily', fr: 'Faites chaque jour' },
  'health.figure.newestHours': { en: 'Age of the newest', fr: 'Âge de la plus récente' },
  'health.figure.lostFiles': { en: 'Files missing from it', fr: 'Fichiers qui y manquent' },
  'health.figure.heldSeconds': { en: 'Held for', fr: 'Retenue depuis' },
  'health.figure.process': { en: 'Process', fr: 'Processus' },
  'health.figure.application': { en: 'Application', fr: 'Application' },
  'health.figure.state': { en: 'State', fr: 'État' },
  'health.figure.startedAt': { en: 'Since', fr: 'Depuis' },
  'health.figure.lagEvents': { en: 'Events behind', fr: 'Événements en retard' },
  'health.figure.lagSeconds': { en: 'Behind by', fr: 'Retard' },
  'health.figure.eventsRead': { en: 'Events taken in', fr: 'Événements traités' },
  'health.figure.deaths': { en: 'Deaths since the start', fr: 'Arrêts brutaux depuis le démarrage' },
  'health.figure.lastAt': { en: 'Last', fr: 'Dernier' },
  'health.figure.freeBytes': { en: 'Free', fr: 'Libre' },
  'health.figure.totalBytes': { en: 'In all', fr: 'En tout' },
  'health.figure.usedBytes': { en: 'Takes up', fr: 'Occupe' },
  'health.figure.limitBytes': { en: 'May take up', fr: 'Peut occuper' },
  'health.figure.builtShare': { en: 'Built', fr: 'Construit' },
});
