import { accountMessages } from '../account/messages';
import { collectMessages } from '../collect/messages';
import { customerMessages } from '../customers/messages';
import { documentMessages } from '../customers/files/messages';
import { personMessages } from '../customers/person/messages';
import { dataMessages } from '../data/messages';
import { eventMessages } from '../events/messages';
import { exploreMessages } from '../explore/messages';
import { importMessages } from '../imports/messages';
import { mappingMessages } from '../imports/mapping/messages';
import { findingMessages } from '../health/findings/messages';
import { healthMessages } from '../health/messages';
import { backupMessages } from '../operate/backups/messages';
import { operateMessages } from '../operate/messages';
import { overviewMessages } from '../overview/messages';
import { peopleMessages } from '../people/messages';
import { sessionMessages } from '../session/messages';
import { settingsMessages } from '../settings/messages';
import { shellMessages } from '../shell/messages';
import { componentMessages } from '../components/messages';

/** Every text of the console, in every language. Each area keeps its own part in its folder. */
export const catalogue = {
  ...componentMessages,
  ...shellMessages,
  ...sessionMessages,
  ...overviewMessages,
  ...exploreMessages,
  ...eventMessages,
  ...customerMessages,
  ...documentMessages,
  ...personMessages,
  ...collectMessages,
  ...dataMessages,
  ...importMessages,
  ...mappingMessages,
  ...settingsMessages,
  ...healthMessages,
  ...findingMessages,
  ...operateMessages,
  ...backupMessages,
  ...peopleMessages,
  ...accountMessages,
};

export type Key = keyof typeof catalogue;
