import { Button, FileButton } from '@mantine/core';
import { useState } from 'react';
import type { Import, Mapping } from '../../api/imports.types';
import { useAnnounce } from '../../components/Announcer';
import { saveText } from '../../components/download';
import { Icon } from '../../components/Icon';
import { useT } from '../../i18n/I18n';
import { readMapping } from './mapping';
import classes from './Mapping.module.css';

interface MappingFileProps {
  item: Import;
  mapping: Mapping;
  change: (mapping: Mapping) => void;
}

/** A mapping made once serves every file of its kind. */
export function MappingFile({ item, mapping, change }: MappingFileProps) {
  const t = useT();
  const announce = useAnnounce();
  const [wrong, setWrong] = useState(false);
  const load = async (file: File | null) => {
    if (!file) return;
    const read = readMapping(await file.text(), mapping);
    setWrong(read === null);
    if (!read) return;
    change(read);
    announce(t('mapping.loaded'));
  };
  return (
    <>
      {wrong && (
        <span role="alert" className={classes.wrong}>
          {t('mapping.wrongFile')}
        </span>
      )}
      <FileButton onChange={(file) => void load(file)} accept="application/json,.json">
        {(props) => (
          <Button {...props} size="compact-sm" variant="subtle" color="gray" leftSection={<Icon name="upload" />}>
            {t('mapping.load')}
          </Button>
        )}
      </FileButton>
      <Button
        size="compact-sm"
        variant="subtle"
        color="gray"
        leftSection={<Icon name="download" />}
        onClick={() => saveText(JSON.stringify(mapping, null, 2), `${item.fileName}.mapping.json`, 'application/json')}
      >
        {t('mapping.save')}
      </Button>
    </>
  );
}
