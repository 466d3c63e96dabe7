import { Text } from '@mantine/core';
import { useFormat, useT } from '../../i18n/I18n';
import classes from '../Health.module.css';
import { faultOf, type Found } from './words';

/** What is wrong and what to do, where something is. */
export function Fault({ found, size = 'xs' }: { found: Found; size?: 'xs' | 'sm' }) {
  const t = useT();
  const format = useFormat();
  const text = faultOf(t, format, found);
  return (
    text && (
      <Text size={size} className={classes.fault}>
        {text}
      </Text>
    )
  );
}
