import { Menu, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { signOut } from '../api/actions';
import type { Language, Session, Theme } from '../api/types';
import { Icon } from '../components/Icon';
import { useT } from '../i18n/I18n';
import { languages } from '../i18n/locale';
import { usePlainT } from '../i18n/usePlainT';
import classes from './Navigation.module.css';
import { useOrganization } from './organization';
import { languageNames, themeNames, themes } from './preference-names';
import { usePreferences } from './preferences';

export function useSignOut() {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: signOut,
    onSuccess: async () => {
      await navigate({ to: '/sign-in' });
      client.clear();
    },
  });
}

export function UserMenu({ session }: { session: Session }) {
  const t = useT();
  const plain = usePlainT();
  const { language, theme, chooseLanguage, chooseTheme } = usePreferences();
  const leave = useSignOut();
  const navigate = useNavigate();
  const { slug } = useOrganization();
  const name = session.user.name ?? session.user.email;
  return (
    <Menu width="target" position="top-start" closeOnItemClick={false}>
      <Menu.Target>
        <UnstyledButton className={classes.menu}>
          <span className={classes.mark} data-round aria-hidden="true">
            {name.slice(0, 1).toUpperCase()}
          </span>
          <span className={classes.name}>
            {name}
            {session.user.name && <small>{session.user.email}</small>}
            <VisuallyHidden>{t('shell.userMenu')}</VisuallyHidden>
          </span>
          <Icon name="chevronDown" />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.RadioGroup value={theme} onChange={(value) => chooseTheme(value as Theme)}>
          <Menu.Label>{t('theme.label')}</Menu.Label>
          {themes.map((option) => (
            <Menu.RadioItem key={option} value={option}>
              {plain(themeNames[option])}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.RadioGroup value={language} onChange={(value) => chooseLanguage(value as Language)}>
          <Menu.Label>{t('language.label')}</Menu.Label>
          {languages.map((option) => (
            <Menu.RadioItem key={option} value={option} lang={option}>
              {plain(languageNames[option])}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item
          leftSection={<Icon name="person" />}
          closeMenuOnClick
          onClick={() => void navigate({ to: '/o/$slug/account', params: { slug } })}
        >
          {t('nav.account')}
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="signOut" />} onClick={() => leave.mutate()}>
          {t('shell.signOut')}
        </Menu.Item>
        <Menu.Label>{t('shell.version', { version: session.version })}</Menu.Label>
      </Menu.Dropdown>
    </Menu>
  );
}
